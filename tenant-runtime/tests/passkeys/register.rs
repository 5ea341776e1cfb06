//! Making a passkey, on the offer after a sign-in.

use polder_kernel::encoding::from_base64url;
use serde_json::json;

use super::{Authenticator, Twist, accept, ask, offered, options, sign_in, with_passkey};
use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::Tenant;

#[tokio::test]
async fn the_offer_is_skipped_by_one_button_and_not_repeated_for_a_while() {
    let tenant = Tenant::start().await;
    let (mut browser, page) = offered(&tenant, "ann@example.test").await;
    assert!(has_form(&page, "skip-form") && page.body.contains("JavaScript"), "{}", page.body);
    let answer = browser.post(&tenant, &form(&page, "skip-form"), &[]).await;
    assert!(has_code(&answer), "{}", answer.location());
    let again = Browser { takes_offers: true, ..Browser::default() }.sign_in(&tenant, "ann@example.test").await;
    assert!(has_code(&again), "asked again at once");
    tenant.advance(31 * 24 * 3600);
    let later = Browser { takes_offers: true, ..Browser::default() }.sign_in(&tenant, "ann@example.test").await;
    assert!(has_form(&later, "skip-form"));
    // The step is answered once.
    assert_eq!(browser.post(&tenant, &form(&page, "skip-form"), &[]).await.status, 400);
}

#[tokio::test]
async fn c25_c08_c24_what_is_asked_for_is_a_discoverable_verified_key_for_a_random_handle() {
    let tenant = Tenant::start().await;
    let (mut browser, page) = offered(&tenant, "ann@example.test").await;
    let asked = options(&tenant, &mut browser, &page, &[]).await;
    let selection = json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
    assert_eq!(asked["authenticatorSelection"], selection);
    let algorithms: Vec<i64> =
        asked["pubKeyCredParams"].as_array().unwrap().iter().map(|p| p["alg"].as_i64().unwrap()).collect();
    assert_eq!(algorithms, [-7, -35, -257]);
    assert_eq!((&asked["rp"]["id"], &asked["attestation"]), (&json!("login.example.test"), &json!("none")));
    assert_eq!(asked["excludeCredentials"], json!([]));
    let handle = from_base64url(asked["user"]["id"].as_str().unwrap()).unwrap();
    assert_eq!(handle.len(), 64);
    // The same each time, and nobody else's.
    assert_eq!(options(&tenant, &mut browser, &page, &[]).await["user"]["id"], asked["user"]["id"]);
    let (mut bob, page) = offered(&tenant, "bob@example.test").await;
    assert_ne!(options(&tenant, &mut bob, &page, &[]).await["user"]["id"], asked["user"]["id"]);
}

#[tokio::test]
async fn c25_the_passkeys_that_somebody_has_are_excluded() {
    let tenant = Tenant::start().await;
    let (mut browser, key) = with_passkey(&tenant, "ann@example.test").await;
    let page = browser.get(&tenant, "/account/passkeys").await;
    let asked = options(&tenant, &mut browser, &page, &[]).await;
    let id = polder_kernel::encoding::base64url(&key.id);
    assert_eq!(
        asked["excludeCredentials"],
        json!([{ "type": "public-key", "id": id, "transports": ["internal", "hybrid"] }])
    );
}

#[tokio::test]
async fn c10_what_is_not_quite_right_is_not_stored() {
    let tenant = Tenant::start().await;
    let (mut browser, page) = offered(&tenant, "ann@example.test").await;
    let plain = Twist::default;
    let twists = [
        ("c02", Twist { kind: Some("webauthn.get"), ..plain() }),
        ("c02", Twist { challenge: Some("AAAA".into()), ..plain() }),
        ("c03", Twist { origin: Some("https://other.example.test"), ..plain() }),
        ("c04", Twist { client_data: Some(("crossOrigin", json!(true))), ..plain() }),
        ("c04", Twist { client_data: Some(("topOrigin", json!("https://evil.example"))), ..plain() }),
        ("c05", Twist { rp_id: Some("example.test"), ..plain() }),
        ("c06 not verified", Twist { flags: Some(0x59), ..plain() }),
        ("c06 not present", Twist { flags: Some(0x5c), ..plain() }),
        ("c07", Twist { flags: Some(0x55), ..plain() }),
        (
            "c08 an algorithm nobody offered",
            Twist { key: Some(|key| key.splice(4..5, [0x38, 0x24]).for_each(drop)), ..plain() },
        ),
        ("c09 a point off the curve", Twist { key: Some(|key| *key.last_mut().unwrap() ^= 1), ..plain() }),
        ("c09 another curve", Twist { key: Some(|key| key[6] = 0x02), ..plain() }),
        (
            "c10 a statement where there is none",
            Twist { statement: Some(("none", vec![0xa1, 0x61, b'x', 0x01])), ..plain() },
        ),
        ("c10 a format nobody knows", Twist { statement: Some(("golden", vec![0xa0])), ..plain() }),
        ("c10 an empty statement", Twist { statement: Some(("packed", vec![0xa0])), ..plain() }),
        ("c12", Twist { id: Some(vec![1; 1024]), ..plain() }),
        ("c16 something left over", Twist { trailing: true, ..plain() }),
        ("c16 something after it", Twist { object: Some(|object| object.push(0)), ..plain() }),
        (
            "c16 an indefinite map",
            Twist {
                object: Some(|object| {
                    object[0] = 0xbf;
                    object.push(0xff);
                }),
                ..plain()
            },
        ),
        ("c16 no credential", Twist { flags: Some(0x1d), ..plain() }),
        ("c16 nothing", Twist { object: Some(Vec::clear), ..plain() }),
    ];
    for (what, twist) in twists {
        let (answer, _) = accept(&tenant, &mut browser, &page, &Authenticator::default(), &twist).await;
        assert_eq!(answer.status, 400, "{what} {twist:?}");
        assert!(has_form(&answer, "skip-form"), "{what}");
    }
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM passkey").await, 0);
    let (answer, _) = accept(&tenant, &mut browser, &page, &Authenticator::default(), &plain()).await;
    assert!(has_code(&answer));
    assert_eq!(tenant.audited("passkey.added").await, 1);
}

#[tokio::test]
async fn c10_c15_self_attestation_is_verified_and_other_extensions_do_no_harm() {
    let tenant = Tenant::start().await;
    let (mut browser, page) = offered(&tenant, "ann@example.test").await;
    let twist = Twist { self_attested: true, ..Twist::default() };
    let (answer, mut key) = accept(&tenant, &mut browser, &page, &Authenticator::default(), &twist).await;
    assert!(has_code(&answer), "{}", answer.body);
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await));
}

#[tokio::test]
async fn c06_nobody_need_be_present_only_when_the_browser_makes_it_by_itself() {
    let tenant = Tenant::start().await;
    let (mut browser, page) = offered(&tenant, "ann@example.test").await;
    let absent = Twist { flags: Some(0x5c), ..Twist::default() };
    let quiet = options(&tenant, &mut browser, &page, &[("quietly", "1")]).await;
    let (credential, mut key) = Authenticator::default().create(&quiet, &absent);
    let answer = browser.post(&tenant, &form(&page, "passkey-form"), &[("credential", &credential)]).await;
    assert!(has_code(&answer), "{}", answer.body);
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await));
    // A signature over the flag that says so cannot be taken as one that says otherwise.
    let (mut browser, page) = offered(&tenant, "bob@example.test").await;
    let quiet = options(&tenant, &mut browser, &page, &[("quietly", "1")]).await;
    let (credential, _) = Authenticator::default().create(&quiet, &Twist { self_attested: true, ..absent });
    assert_eq!(browser.post(&tenant, &form(&page, "passkey-form"), &[("credential", &credential)]).await.status, 400);
}

#[tokio::test]
async fn c13_somebody_elses_credential_id_is_refused_and_nothing_overwritten() {
    let tenant = Tenant::start().await;
    let (_, mut victims) = with_passkey(&tenant, "ann@example.test").await;
    let (mut attacker, page) = offered(&tenant, "eve@example.test").await;
    let twist = Twist { id: Some(victims.id.clone()), ..Twist::default() };
    let (answer, _) = accept(&tenant, &mut attacker, &page, &Authenticator::default(), &twist).await;
    assert_eq!(answer.status, 400);
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut victims, &Twist::default()).await));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM passkey").await, 1);
}

#[tokio::test]
async fn c01_c28_a_challenge_to_make_a_passkey_is_for_its_session_and_only_offered_after_a_sign_in() {
    let tenant = Tenant::start().await;
    let (mut ann, page) = offered(&tenant, "ann@example.test").await;
    let (mut bob, bobs) = offered(&tenant, "bob@example.test").await;
    let asked = options(&tenant, &mut bob, &bobs, &[]).await;
    let (credential, _) = Authenticator::default().create(&asked, &Twist::default());
    let answer = ann.post(&tenant, &form(&page, "passkey-form"), &[("credential", &credential)]).await;
    assert_eq!(answer.status, 400, "bob's challenge in ann's session");
    // Somebody who is signed in, on a flow where they proved nothing.
    ann.post(&tenant, &form(&page, "skip-form"), &[]).await;
    assert_eq!(ask(&tenant, &mut ann, &page, &[]).await.status, 400);
}

#[tokio::test]
async fn c01_of_fifty_parallel_registrations_with_one_challenge_one_is_stored() {
    let tenant = Tenant::start().await;
    let (mut browser, page) = offered(&tenant, "ann@example.test").await;
    let asked = options(&tenant, &mut browser, &page, &[]).await;
    let form = form(&page, "passkey-form");
    let made: Vec<String> = (0..50).map(|_| Authenticator::default().create(&asked, &Twist::default()).0).collect();
    let requests =
        made.iter().map(|credential| tenant.public(browser.form(&tenant, &form, &[("credential", credential)])));
    let answers = futures_util::future::join_all(requests).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM passkey").await, 1);
}

#[tokio::test]
async fn c11_a_tenant_may_name_the_models_it_takes() {
    let tenant = Tenant::start().await;
    let mut settings = (*tenant.app.tenant.current()).clone();
    settings.passkey_models = vec!["ee882879-721c-4913-9775-3dfcce97072a".into()];
    tenant.app.tenant.replace(settings);
    let (mut browser, page) = offered(&tenant, "ann@example.test").await;
    assert_eq!(options(&tenant, &mut browser, &page, &[]).await["attestation"], "direct");
    let yubikey = Authenticator {
        aaguid: [0xee, 0x88, 0x28, 0x79, 0x72, 0x1c, 0x49, 0x13, 0x97, 0x75, 0x3d, 0xfc, 0xce, 0x97, 0x07, 0x2a],
        synced: false,
        ..Authenticator::default()
    };
    let attested = Twist { self_attested: true, ..Twist::default() };
    for (authenticator, twist, taken) in [
        (&Authenticator::default(), &attested, false),
        (&yubikey, &Twist::default(), false),
        (&yubikey, &attested, true),
    ] {
        let (answer, _) = accept(&tenant, &mut browser, &page, authenticator, twist).await;
        assert_eq!(has_code(&answer), taken);
    }
}

#[tokio::test]
async fn c14_k5_what_is_stored_is_complete_and_sealed() {
    let tenant = Tenant::start().await;
    let (_, key) = with_passkey(&tenant, "ann@example.test").await;
    let mut tx = tenant.app.db.read().await.unwrap();
    let all = "SELECT credential_index, credential_sealed, name_sealed, rp_id, kind FROM passkey";
    let row = tx.optional(all, &[], |row| {
        Ok([
            row.text("credential_index")?,
            row.text("credential_sealed")?,
            row.text("name_sealed")?,
            row.text("rp_id")?,
        ])
    });
    let row = row.await.unwrap().unwrap();
    let id = polder_kernel::encoding::base64url(&key.id);
    assert!(row.iter().all(|text| !text.contains(&id)), "{row:?}");
    assert_eq!(row[3], "login.example.test");
    let user = tx.optional("SELECT user_id FROM passkey", &[], |row| row.id("user_id")).await.unwrap().unwrap();
    let stored =
        polder_tenant_runtime::store::passkeys::of_user(&mut tx, &tenant.app.keyring, user, None).await.unwrap();
    let credential = &stored[0].credential;
    assert_eq!((&credential.id, &credential.format), (&id, &"none".to_owned()));
    assert_eq!(credential.transports, ["internal", "hybrid"]);
    assert_eq!(stored[0].name, "Firefox on Linux");
}
