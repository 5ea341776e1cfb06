//! The headings of a table that can be sorted: each is a link that sorts by it, and turns the order round where the
//! table is sorted by it already. The order lives in the address, with what is filtered by.

/// How a table is sorted, and where its page is.
#[derive(Clone, Debug, Default)]
pub struct Sorting {
    /// The path of the page, such as `/tenants/acme/users`.
    pub path: String,
    /// What else is asked for, as the query of an address; empty for nothing.
    pub query: String,
    /// The word of the order: a field, with `-` before it where the greatest comes first.
    pub by: &'static str,
}

/// The heading of a column that a table can be sorted by.
#[derive(Clone, Debug)]
pub(crate) struct Heading<'a> {
    /// The name of the column.
    pub label: &'a str,
    /// Where a click leads.
    pub href: String,
    /// `ascending` or `descending` where the table is sorted by it (WAI-ARIA 1.2, `aria-sort`).
    pub sorted: Option<&'static str>,
}

impl Sorting {
    /// The heading of a column of words: a click sorts from A to Z first.
    pub(crate) fn words<'a>(&self, label: &'a str, field: &str) -> Heading<'a> {
        self.heading(label, field, field.to_owned())
    }

    /// The heading of a column of moments: a click sorts the newest first.
    pub(crate) fn moments<'a>(&self, label: &'a str, field: &str) -> Heading<'a> {
        self.heading(label, field, format!("-{field}"))
    }

    fn heading<'a>(&self, label: &'a str, field: &str, first: String) -> Heading<'a> {
        let (sorted, order) = match self.by.strip_prefix('-') {
            Some(by) if by == field => (Some("descending"), field.to_owned()),
            None if self.by == field => (Some("ascending"), format!("-{field}")),
            _ => (None, first),
        };
        Heading { label, href: self.address(&[("sort", &order)]), sorted }
    }

    /// Everything that is asked for, as a query.
    pub(crate) fn whole(&self) -> String {
        self.query_with(&[("sort", self.by)])
    }

    /// Path and query of the next page.
    pub(crate) fn more(&self, cursor: &str) -> String {
        self.address(&[("sort", self.by), ("cursor", cursor)])
    }

    fn address(&self, pairs: &[(&str, &str)]) -> String {
        format!("{}?{}", self.path, self.query_with(pairs))
    }

    fn query_with(&self, pairs: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(self.query.clone());
        for (name, value) in pairs {
            query.append_pair(name, value);
        }
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k1_a_heading_sorts_by_its_column_and_turns_the_order_round() {
        let sorting = |by| Sorting { path: "/x".to_owned(), query: "state=a%26b".to_owned(), by };
        let by = |by, field: &str| {
            let sorting: Sorting = sorting(by);
            let (word, moment) = (sorting.words("W", field), sorting.moments("M", field));
            (word.sorted, word.href, moment.href)
        };
        let here = |order: &str| format!("/x?state=a%26b&sort={order}");
        assert_eq!(by("name", "name"), (Some("ascending"), here("-name"), here("-name")));
        assert_eq!(by("-name", "name"), (Some("descending"), here("name"), here("name")));
        assert_eq!(by("-name", "at"), (None, here("at"), here("-at")));
        assert_eq!(sorting("-at").more("a&b"), "/x?state=a%26b&sort=-at&cursor=a%26b");
        assert_eq!(Sorting { query: String::new(), ..sorting("at") }.more("c"), "/x?sort=at&cursor=c");
    }
}
