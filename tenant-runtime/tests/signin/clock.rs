//! A clock that jumps: a machine that slept, or one that was put right.

use std::sync::atomic::Ordering;
use std::time::Duration;

use polder_kernel::{Clock, Timestamp};

use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::Tenant;

const YEAR: u64 = 365 * 24 * 3600;

pub fn set(tenant: &Tenant, to: Timestamp) {
    let Clock::Manual(hand) = &tenant.clock else { panic!("a clock that can be moved") };
    hand.store(to.millis(), Ordering::SeqCst);
}

#[tokio::test]
async fn d02_e05_what_was_given_before_a_jump_forwards_has_ended_and_people_sign_in_again() {
    for jump in [24 * 3600, YEAR] {
        let tenant = Tenant::start().await;
        let mut ann = Browser::default();
        assert!(has_code(&ann.sign_in(&tenant, "ann@example.test").await));
        let mut bob = Browser::at("192.0.2.2");
        let page = bob.ask_for_code(&tenant, "bob@example.test").await;
        let code = tenant.code_for("bob@example.test").await.unwrap();
        tenant.advance(jump);
        let late = bob.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await;
        assert!(late.status >= 400 && bob.session().is_none(), "{}", late.status);
        assert!(has_form(&ann.authorize(&tenant, "").await, "email-form"), "her session has ended");
        assert!(has_code(&ann.sign_in(&tenant, "ann@example.test").await));
    }
}

#[tokio::test]
async fn d02_d03_e05_a_clock_that_is_set_back_locks_nobody_out_and_lets_nothing_be_used_twice() {
    for jump in [3600, 5 * YEAR] {
        let tenant = Tenant::start().await;
        let before = tenant.clock.now();
        let mut ann = Browser::default();
        assert!(has_code(&ann.sign_in(&tenant, "ann@example.test").await));
        let mut bob = Browser::at("192.0.2.2");
        let page = bob.ask_for_code(&tenant, "bob@example.test").await;
        let code = tenant.code_for("bob@example.test").await.unwrap();

        set(&tenant, before - Duration::from_secs(jump));
        let typed = form(&page, "code-form");
        let answer = bob.post(&tenant, &typed, &[("code", &code)]).await;
        assert_eq!(answer.status, 303, "the code is no older than it was");
        let mut copy = Browser { cookies: bob.cookies.clone(), ..Browser::at("192.0.2.3") };
        copy.cookies.retain(|name, _| !name.ends_with("session"));
        let again = copy.post(&tenant, &typed, &[("code", &code)]).await;
        assert!(again.status >= 400 && copy.session().is_none(), "{}", again.status);
        // New people, and those who were here, sign in.
        assert!(has_code(&Browser::at("192.0.2.4").sign_in(&tenant, "cas@example.test").await));
        assert!(has_code(&Browser::at("192.0.2.5").sign_in(&tenant, "ann@example.test").await));
        // And once more when the clock is right again.
        set(&tenant, before + Duration::from_secs(1));
        assert!(has_code(&Browser::at("192.0.2.6").sign_in(&tenant, "ann@example.test").await));
        assert!(has_code(&ann.authorize(&tenant, "").await), "her session went on");
    }
}
