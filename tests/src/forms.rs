//! HTML forms as a browser without scripts sees them.

use scraper::{ElementRef, Html, Selector};

/// A form's target and the fields it sends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Where it is posted.
    pub action: String,
    /// Hidden inputs, and a submit button's own name and value.
    pub fields: Vec<(String, String)>,
}

/// The first form holding an element that `selector` finds.
pub fn form_with(page: &str, selector: &str) -> Option<Form> {
    let document = Html::parse_document(page);
    let wanted = Selector::parse(selector).ok()?;
    let forms = Selector::parse("form").ok()?;
    let form = document.select(&forms).find(|form| form.select(&wanted).next().is_some())?;
    read(form)
}

/// The form whose own attributes `selector` matches, such as `form[action="/end_session"]`.
pub fn form(page: &str, selector: &str) -> Option<Form> {
    let document = Html::parse_document(page);
    let wanted = Selector::parse(selector).ok()?;
    let form = document.select(&wanted).next()?;
    read(form)
}

/// Whether an element that `selector` finds is on the page.
pub fn shows(page: &str, selector: &str) -> bool {
    Selector::parse(selector).is_ok_and(|wanted| Html::parse_document(page).select(&wanted).next().is_some())
}

/// The words of the first element that `selector` finds.
pub fn text(page: &str, selector: &str) -> Option<String> {
    let wanted = Selector::parse(selector).ok()?;
    let words = Html::parse_document(page).select(&wanted).next()?.text().collect::<Vec<_>>().join(" ");
    Some(words.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn read(form: ElementRef<'_>) -> Option<Form> {
    let hidden = Selector::parse("input[type=hidden], button[type=submit][name]").ok()?;
    let fields = form
        .select(&hidden)
        .filter_map(|field| {
            let value = field.value().attr("value").unwrap_or("");
            Some((field.value().attr("name")?.to_owned(), value.to_owned()))
        })
        .collect();
    Some(Form { action: form.value().attr("action")?.to_owned(), fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_found_by_what_it_holds() {
        let page = r#"<form action="/a"></form><form action="/b" method="post"><input type="hidden" name="csrf" value="x&amp;y"><input type="email" name="email"></form>"#;
        let found = form_with(page, "input[type=email]").unwrap();
        assert_eq!(found, Form { action: "/b".into(), fields: vec![("csrf".into(), "x&y".into())] });
        assert_eq!(form_with(page, "input[type=tel]"), None);
    }
}
