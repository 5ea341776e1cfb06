//! Many passkeys at the door at once (E18).

use super::authenticator::Twist;
use super::{options, with_passkey};
use crate::browser::{Browser, form};
use crate::session_limit::limit;
use crate::tenant::Tenant;

const LIVE: &str = "SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL";

#[tokio::test]
async fn e18_of_fifty_parallel_sign_ins_no_more_get_in_than_may() {
    for (at, waiting) in [("end_oldest", 0), ("refuse", 48)] {
        let tenant = Tenant::start().await;
        let (_, mut key) = with_passkey(&tenant, "ann@example.test").await;
        limit(&tenant, 3, at).await;
        let mut ready = Vec::new();
        for _ in 0..50 {
            let mut browser = Browser::default();
            let page = browser.authorize(&tenant, "").await;
            let asked = options(&tenant, &mut browser, &page, &[]).await;
            ready.push((browser, form(&page, "passkey-form"), key.get(&asked, &Twist::default())));
        }
        let requests = ready.iter().map(|(browser, form, credential)| {
            tenant.public(browser.form(&tenant, form, &[("credential", credential)]))
        });
        let answers = futures_util::future::join_all(requests).await;
        assert!(answers.iter().all(|answer| answer.status == 303), "{at}: every proof is right");
        let sessions =
            answers.iter().filter(|a| a.cookies().iter().any(|cookie| cookie.starts_with("__Host-session=")));
        assert_eq!((tenant.count(LIVE).await, sessions.count()), (3, 50 - waiting), "{at}");
        let waits = "SELECT COUNT(*) AS n FROM awaited_factor WHERE waits_for = 'room' AND used_at IS NULL";
        assert_eq!(tenant.count(waits).await, i64::try_from(waiting).unwrap(), "{at}");
    }
}
