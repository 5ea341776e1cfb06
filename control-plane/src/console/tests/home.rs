//! The list of tenants: found, ordered and paged, with three hundred of them.

use std::collections::BTreeSet;

use super::*;
use crate::model::TenantState;
use crate::testing::tenant;

/// The slugs on a page, in order.
fn slugs(page: &str) -> Vec<String> {
    let host = "://";
    page.split("<tbody>")
        .nth(1)
        .unwrap_or_default()
        .split("<code>")
        .skip(1)
        .filter_map(|rest| rest.split("</code>").next())
        .filter_map(|issuer| issuer.split(host).nth(1)?.split('.').next().map(str::to_owned))
        .collect()
}

fn next(page: &str) -> Option<String> {
    let link = page.split("id=\"next-page\" href=\"").nth(1)?.split('"').next()?;
    Some(link.replace("&#38;", "&").replace("&amp;", "&"))
}

/// Every page from this one on.
async fn walk(world: &World, cookie: &str, path: &str) -> Vec<Vec<String>> {
    let (mut pages, mut at) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = at {
        let page = world.get(cookie, &path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        pages.push(slugs(&page.body));
        at = next(&page.body);
        assert!(pages.len() < 20, "it ends");
    }
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn k1_three_hundred_tenants_are_paged_found_and_ordered() {
    let world = World::new().await;
    for n in 0..300 {
        let state = if n % 3 == 0 { TenantState::Asleep } else { TenantState::Running };
        world.app.clock.advance(Duration::from_millis(1));
        tenant(&world.app, &format!("shop-{n:03}"), world.organisation, state).await;
    }
    let owner = world.member(Role::Owner).await;
    for sort in ["", "slug", "-slug", "name", "-name", "state", "-state", "created_at", "-created_at", "nonsense"] {
        let pages = walk(&world, &owner.0, &format!("/?sort={sort}")).await;
        assert!(pages.iter().all(|page| page.len() <= 50), "{sort}");
        let all: Vec<String> = pages.concat();
        assert_eq!(all.len(), 302, "{sort}: acme and young, too");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 302, "{sort}: each once");
    }
    for (sort, first) in [("-created_at", "shop-299"), ("-slug", "young"), ("-name", "young"), ("slug", "acme")] {
        assert_eq!(walk(&world, &owner.0, &format!("/?sort={sort}")).await[0][0], first, "{sort}");
    }
    let backwards: Vec<_> = walk(&world, &owner.0, "/?sort=-slug").await.concat().into_iter().rev().collect();
    assert_eq!(backwards, walk(&world, &owner.0, "/").await.concat());
    // The heading that sorts says so, and keeps what is filtered by.
    let page = world.get(&owner.0, "/?q=shop&sort=-name").await.body;
    assert!(page.contains(r#"<th scope="col" aria-sort="descending"><a href="/?q=shop&#38;sort=name">"#), "{page}");
    assert_eq!(page.matches("aria-sort").count(), 1);
    // Found by part of a name or address, in any spelling; the filter stays in the address of the next page.
    let found = walk(&world, &owner.0, "/?q=SHOP-1").await;
    assert_eq!((found.concat().len(), found.len()), (100, 2));
    assert_eq!(walk(&world, &owner.0, "/?q=shop-042").await, [["shop-042"]]);
    let asleep = walk(&world, &owner.0, "/?state=asleep&q=shop").await;
    assert_eq!(asleep.concat().len(), 100);
    let nothing = world.get(&owner.0, "/?q=%25%27%22").await.body;
    assert!(nothing.contains("No tenant matches") && !nothing.contains("foreign"), "{nothing}");
    for cursor in ["", "x", "AAAA", "MQ"] {
        assert_eq!(world.get(&owner.0, &format!("/?cursor={cursor}")).await.status, StatusCode::OK, "{cursor}");
    }
}
