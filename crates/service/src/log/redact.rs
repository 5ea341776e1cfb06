//! What to leave out of a line.

use std::borrow::Cow;
use std::ops::Range;

/// A stretch of a line and what stands in its place. Stretches lie on character boundaries: both
/// ends are next to ASCII.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Redaction {
    pub(super) span: Range<usize>,
    pub(super) mark: &'static str,
}

impl Redaction {
    pub(super) const fn new(span: Range<usize>, mark: &'static str) -> Option<Self> {
        Some(Self { span, mark })
    }
}

/// The redactions of one line, in order.
#[derive(Debug)]
pub(super) struct Redactions<'a> {
    text: &'a str,
    found: Vec<Redaction>,
}

impl<'a> Redactions<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// Adds one, and says where to go on. What stands before an `@` may have been hidden in part
    /// already: then both become one, and it begins where the first did.
    pub(super) fn push(&mut self, mut redaction: Redaction) -> usize {
        while let Some(last) = self.found.pop_if(|last| last.span.end > redaction.span.start) {
            redaction.span.start = redaction.span.start.min(last.span.start);
        }
        let end = redaction.span.end;
        self.found.push(redaction);
        end
    }

    pub(super) fn apply(self) -> Cow<'a, str> {
        if self.found.is_empty() {
            return Cow::Borrowed(self.text);
        }
        let mut scrubbed = String::with_capacity(self.text.len());
        let mut kept_from = 0;
        for Redaction { span, mark } in self.found {
            scrubbed.push_str(self.text.get(kept_from..span.start).unwrap_or_default());
            scrubbed.push_str(mark);
            kept_from = span.end;
        }
        scrubbed.push_str(self.text.get(kept_from..).unwrap_or_default());
        Cow::Owned(scrubbed)
    }
}
