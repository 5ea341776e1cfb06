//! Going straight to a page: what the command palette and the search page offer.

use askama::Template;

use super::{Section, Shell, TenantHead};

/// The search page, which does without JavaScript what the palette does with it.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/search.html")]
pub struct Search<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// What was looked for.
    pub query: &'a str,
    /// What was found.
    pub found: &'a [Destination],
}

/// What the keys of a keyboard do here.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/shortcuts.html")]
pub struct Shortcuts<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
}

/// A page to go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// What it is called.
    pub label: String,
    /// Whose it is: a tenant's name; empty for pages of the whole console.
    pub of: String,
    /// Its path on this origin.
    pub href: String,
}

/// The most that is offered at once.
const MOST: usize = 40;

/// The pages that have every word of `query` in their name or their tenant's, those of the tenant `at` first.
/// Without a query: the console's own pages, those of the tenant `at`, and tenants.
pub fn destinations(shell: &Shell<'_>, tenants: &[TenantHead<'_>], at: &str, query: &str) -> Vec<Destination> {
    let words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let fits = |destination: &Destination, slug: &str| {
        let text = format!("{} {} {slug}", destination.label, destination.of).to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let here = tenants.iter().filter(|tenant| tenant.slug == at);
    let of_here = here.flat_map(|tenant| pages_of(shell, tenant).map(|page| (page, tenant.slug)));
    let own = own_pages(shell).into_iter().map(|page| (page, ""));
    let all = tenants.iter().map(|tenant| (front(tenant), tenant.slug));
    // The pages of every tenant are too many to be offered to who has not said whose.
    let elsewhere = tenants.iter().filter(|tenant| tenant.slug != at && !words.is_empty());
    let of_others = elsewhere.flat_map(|tenant| pages_of(shell, tenant).map(|page| (page, tenant.slug)));
    let mut found: Vec<Destination> = Vec::new();
    for (page, slug) in of_here.chain(own).chain(all).chain(of_others) {
        if found.len() == MOST {
            break;
        }
        if fits(&page, slug) && !found.iter().any(|known| known.href == page.href) {
            found.push(page);
        }
    }
    found
}

/// A tenant's overview, under the tenant's own name.
fn front(tenant: &TenantHead<'_>) -> Destination {
    Destination { label: tenant.name.to_owned(), of: tenant.slug.to_owned(), href: format!("/tenants/{}", tenant.slug) }
}

fn own_pages(shell: &Shell<'_>) -> Vec<Destination> {
    let (t, may) = (shell.t(), &shell.may);
    let pages = [
        (may.see, t.shell.tenants, "/"),
        (may.make_tenants, t.tenants.new, "/tenants/new"),
        (may.see_usage, t.usage.title, "/usage"),
        (may.see_keys, t.shell.api_keys, "/api-keys"),
        (may.see_members, t.members.title, "/members"),
        (true, t.organisation.title, "/organisation"),
        (may.see_audit, t.trail.title, "/audit"),
        (true, t.search.shortcuts, "/shortcuts"),
    ];
    let shown = pages.into_iter().filter(|(shown, ..)| *shown);
    shown
        .map(|(_, label, href)| Destination { label: label.to_owned(), of: String::new(), href: href.to_owned() })
        .collect()
}

fn pages_of<'t>(shell: &'t Shell<'_>, tenant: &'t TenantHead<'_>) -> impl Iterator<Item = Destination> + 't {
    let (t, may) = (shell.t(), &shell.may);
    let sections = Section::ALL.into_iter().filter(|section| section.shown(may));
    let sections = sections.map(|section| (section.label(t), section.path()));
    let actions = [
        (may.change_applications, t.application.new, "/applications/new"),
        (may.change_tenants, t.connection.new, "/connections/new"),
        (may.change_tenants, t.profile_fields.new, "/profile-fields/new"),
    ];
    let actions = actions.into_iter().filter(|(may, ..)| *may).map(|(_, label, path)| (label, path));
    sections.chain(actions).map(|(label, path)| Destination {
        label: label.to_owned(),
        of: tenant.name.to_owned(),
        href: format!("/tenants/{}{path}", tenant.slug),
    })
}
