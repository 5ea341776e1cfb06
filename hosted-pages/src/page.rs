//! What every page can do.

use askama::Template;

/// A page with everything it shows.
pub trait Page {
    /// The whole HTML document.
    fn render(&self) -> String;
}

impl<T: Template> Page for T {
    fn render(&self) -> String {
        let mut html = String::with_capacity(T::SIZE_HINT);
        // Only a `Display` that gives up can fail here, and every value shown is plain text.
        if self.render_into(&mut html).is_err() {
            html.clear();
        }
        html
    }
}
