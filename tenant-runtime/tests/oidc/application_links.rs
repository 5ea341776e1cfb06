//! What an application says about itself, on the pages that sign people in to it.

use polder_tenant_api::Preferences;

use crate::support::client::web;
use crate::support::world::on_each;

#[tokio::test]
async fn a34_pages_link_the_terms_and_the_privacy_statement_of_the_application() {
    on_each(|world| async move {
        let preferences = Preferences {
            policy_uri: Some("https://app.example/privacy?a=1&b=2".to_owned()),
            tos_uri: Some("https://app.example/terms".to_owned()),
            ..Preferences::default()
        };
        let mut choice = web();
        choice.preferences = preferences;
        for (choice, links) in [(choice, 2), (web(), 0)] {
            let client = world.application(choice).await;
            let browser = world.browser();
            let page = browser.get(&world, &client.authorize(&[])).await.location();
            let page = browser.get(&world, &page[url::Position::BeforePath..]).await;
            assert_eq!(page.status, 200);
            let text = page.text();
            let safe = "target=\"_blank\" rel=\"noopener noreferrer\"";
            for address in ["https://app.example/terms", "https://app.example/privacy?a=1&#38;b=2"] {
                let link = format!("<a href=\"{address}\" {safe}>");
                assert_eq!(text.contains(&link), links > 0, "{link} {text}");
            }
            let policy = page.header("content-security-policy").unwrap();
            assert!(!policy.contains("app.example/terms"), "{policy}");
        }
    })
    .await;
}
