//! Data keys (P17): the new version seals at once, rows follow, the old version goes when nothing is left.

use polder_crypto::Category;
use polder_db::args;
use polder_tenant_runtime::keys::data::{self, STAYS};
use polder_tenant_runtime::keys::{By, COLUMNS};
use polder_tenant_runtime::store::data_keys;

use crate::support::client::web;
use crate::support::world::{World, on_each};

/// Something in every sealed column.
async fn filled(world: &World, people: usize) {
    let client = world.application(web()).await;
    let browser = world.browser();
    for person in 0..people {
        let user = world.user(&format!("person{person}@example.test")).await;
        if person == 0 {
            browser.sign_in(world, user).await;
            browser.tokens(world, &client).await;
        }
    }
    let (keyring, now) = (world.app.keyring.clone(), world.clock.now());
    let work = world.app.db.write(move |tx| {
        Box::pin(async move {
            // What a list of networks can hold, since those are read at the start.
            let seal = |category, place: &str| keyring.seal_text(category, place, "192.0.2.0/24 - -");
            tx.execute(
                "INSERT INTO one_time_code (flow_hash, purpose, address_index, address_sealed, code_hash, tries, sends, \
                 resend_after, created_at, expires_at) VALUES ('f', 'sign_in', 'a', $1, 'c', 0, 1, $2, $2, $2)",
                &args![seal(Category::Identifiers, "one_time_code.address_sealed:f"), now],
            )
            .await?;
            let recipient = seal(Category::Identifiers, "outbox.recipient_sealed:o");
            let parameters = seal(Category::Messages, "outbox.parameters_sealed:o");
            let outcome = seal(Category::Messages, "outbox.outcome_sealed:o");
            tx.execute(
                "INSERT INTO outbox (id, template, locale, recipient_sealed, parameters_sealed, outcome_sealed, \
                 created_at, expires_at, attempts) VALUES ('o', 't', 'en', $1, $2, $3, $4, $4, 0)",
                &args![recipient, parameters, outcome, now],
            )
            .await?;
            let rows = seal(Category::Identifiers, "user_import.rows_sealed:i");
            tx.execute(
                "INSERT INTO user_import (id, options, asked_by, rows_sealed, problems, wrong, total, done, created, \
                 updated, skipped, created_at, finished_at) VALUES ('i', '{}', '{}', $1, '[]', 0, 0, 0, 0, 0, 0, $2, $2)",
                &args![rows, now],
            )
            .await?;
            tx.execute(
                "INSERT INTO pending_request (id_hash, request_sealed, created_at, expires_at) VALUES ('p', $1, $2, $2)",
                &args![seal(Category::Flow, "pending_request.request_sealed:p"), now],
            )
            .await?;
            let pushed = seal(Category::Flow, "pushed_request.request_sealed:u");
            tx.execute(
                "INSERT INTO pushed_request (uri_hash, application_id, request_sealed, created_at, expires_at) \
                 SELECT 'u', id, $1, $2, $2 FROM application LIMIT 1",
                &args![pushed, now],
            )
            .await?;
            let person = tx.optional("SELECT id FROM user_account LIMIT 1", &[], |row| row.text("id")).await?.unwrap();
            let handle = seal(Category::Factors, &format!("passkey_owner.handle_sealed:{person}"));
            tx.execute(
                "INSERT INTO passkey_owner (user_id, handle_index, handle_sealed, created_at) VALUES ($1, 'h', $2, $3)",
                &args![person.as_str(), handle, now],
            )
            .await?;
            let application =
                tx.optional("SELECT id FROM application LIMIT 1", &[], |row| row.text("id")).await?.unwrap();
            let metadata = seal(Category::SessionMetadata, "consent.metadata_sealed:n");
            tx.execute(
                "INSERT INTO consent (id, user_id, application_id, scope, text_version, metadata_sealed, given_at) \
                 VALUES ('n', $1, $2, 'openid', 't', $3, $4)",
                &args![person.as_str(), application, metadata, now],
            )
            .await?;
            tx.execute(
                "INSERT INTO connection (id, provider, name, client_id, secret_sealed, configuration, created_at, \
                 updated_at) VALUES ('019a0000-0000-7000-8000-000000000003', 'google', 'G', 'x', $1, '{}', $2, $2)",
                &args![seal(Category::ProviderTokens, "connection.secret_sealed:019a0000-0000-7000-8000-000000000003"), now],
            )
            .await?;
            let profile = seal(Category::Identifiers, "connected_account.profile_sealed:a");
            let tokens = seal(Category::ProviderTokens, "connected_account.tokens_sealed:a");
            tx.execute(
                "INSERT INTO connected_account (id, connection_id, user_id, subject_index, profile_sealed, \
                 tokens_sealed, created_at) VALUES ('a', '019a0000-0000-7000-8000-000000000003', $1, 's', $2, $3, $4)",
                &args![person.as_str(), profile, tokens, now],
            )
            .await?;
            tx.execute(
                "INSERT INTO unconnected_account (flow_hash, connection_id, subject_index, vouched_sealed, created_at, \
                 expires_at) VALUES ('u', '019a0000-0000-7000-8000-000000000003', 's', $1, $2, $2)",
                &args![seal(Category::ProviderTokens, "unconnected_account.vouched_sealed:u"), now],
            )
            .await?;
            let credential = seal(Category::Factors, "passkey.credential_sealed:k");
            let name = seal(Category::Identifiers, "passkey.name_sealed:k");
            tx.execute(
                "INSERT INTO passkey (id, user_id, credential_index, credential_sealed, name_sealed, rp_id, kind, \
                 sign_count, created_at, strong_from) VALUES ('k', $1, 'c', $2, $3, 'r', 'synced', 0, $4, $4)",
                &args![person.as_str(), credential, name, now],
            )
            .await?;
            second_factor_and_address(tx, &person, now, &seal).await
        })
    });
    work.await.unwrap();
}

/// A row in each table of second factors and changed addresses.
async fn second_factor_and_address(
    tx: &mut polder_db::Tx,
    person: &str,
    now: polder_kernel::Timestamp,
    seal: &(impl Fn(Category, &str) -> String + Sync),
) -> Result<u64, polder_db::Error> {
    let factor = seal(Category::Factors, &format!("totp_factor.secret_sealed:{person}"));
    let sql = "INSERT INTO totp_factor (user_id, secret_sealed, last_step, created_at) VALUES ($1, $2, 0, $3)";
    tx.execute(sql, &args![person, factor, now]).await?;
    let shown = seal(Category::Factors, &format!("totp_enrolment.secret_sealed:{person}"));
    let sql = "INSERT INTO totp_enrolment (user_id, session_id, secret_sealed, created_at, expires_at) \
               VALUES ($1, 's', $2, $3, $3)";
    tx.execute(sql, &args![person, shown, now]).await?;
    let new = seal(Category::Identifiers, &format!("address_code.address_sealed:{person}"));
    let sql = "INSERT INTO address_code (user_id, session_id, address_sealed, code_hash, tries, created_at, \
               expires_at) VALUES ($1, 's', $2, 'c', 0, $3, $3)";
    tx.execute(sql, &args![person, new, now]).await?;
    let attempt = seal(Category::SessionMetadata, "sign_in_attempt.details_sealed:t");
    let sql = "INSERT INTO sign_in_attempt (attempt_key, network_index, outcome, attempts, details_sealed, first_at, \
               last_at) VALUES ('t', 'n', 'code_sent', 1, $1, $2, $2)";
    tx.execute(sql, &args![attempt, now]).await?;
    let lockout = seal(Category::Identifiers, "lockout.details_sealed:l");
    let sql = "INSERT INTO lockout (id, counter_key, kind, details_sealed, began_at, ends_at) \
               VALUES ('l', 'c', 'network', $1, $2, $2)";
    tx.execute(sql, &args![lockout, now]).await?;
    let networks = seal(Category::Identifiers, "blocklist.networks_sealed:b");
    let sql = "INSERT INTO blocklist (name, format, action, networks_sealed, networks, skipped, updated_at) \
               VALUES ('b', 'plain', 'refuse', $1, 0, 0, $2)";
    tx.execute(sql, &args![networks, now]).await?;
    let sql = "INSERT INTO profile_field (name, definition, claim_since, created_at, updated_at) VALUES ('f', '{\"type\":\"text\"}', $1, $1, $1)";
    tx.execute(sql, &args![now]).await?;
    let value = seal(Category::Identifiers, "profile_value.value_sealed:v");
    let sql = "INSERT INTO profile_value (id, user_id, field, value_sealed, updated_at) VALUES ('v', $1, 'f', $2, $3)";
    tx.execute(sql, &args![person, value, now]).await?;
    let old = seal(Category::Identifiers, "address_change.old_address_sealed:u");
    let sql = "INSERT INTO address_change (undo_hash, user_id, old_address_index, old_address_sealed, created_at, \
               expires_at) VALUES ('u', $1, 'i', $2, $3, $3)";
    tx.execute(sql, &args![person, old, now]).await
}

/// How many values of a column begin with this version, and how many there are.
async fn under(world: &World, table: &str, column: &str, version: u32) -> (usize, usize) {
    // Texts of statements live as long as the program; in a test that is short.
    let only = if table == "setting" { " AND name = 'audit.checkpoint_key'" } else { "" };
    let sql = format!("SELECT {column} AS v FROM {table} WHERE {column} <> ''{only}");
    let mut tx = world.app.db.read().await.unwrap();
    let values = tx.all(Box::leak(sql.into_boxed_str()), &[], |row| row.text("v")).await.unwrap();
    let sealed: Vec<_> = values.iter().filter(|value| !value.starts_with("p.")).collect();
    (sealed.iter().filter(|value| value.starts_with(&format!("{version}."))).count(), sealed.len())
}

async fn versions(world: &World, category: Category) -> Vec<u32> {
    let rows = data_keys::all(&mut world.app.db.read().await.unwrap()).await.unwrap();
    rows.iter().filter(|row| row.category == category).map(|row| row.version).collect()
}

/// Everything but the immutable log is under this version.
async fn complete(world: &World, version: u32) {
    for column in COLUMNS.iter().filter(|column| column.table != "audit_event") {
        let (under, all) = under(world, column.table, column.column, version).await;
        assert!(all > 0, "{}.{} was tried", column.table, column.column);
        assert_eq!(under, all, "{}.{}", column.table, column.column);
    }
}

async fn opens(world: &World) {
    let mut tx = world.app.db.read().await.unwrap();
    let people = polder_tenant_runtime::store::everybody::in_order(
        &mut tx,
        &world.app.keyring,
        polder_tenant_api::UserOrder::Newest,
        None,
        1000,
    )
    .await
    .unwrap();
    assert!(people.iter().all(|person| person.email.as_str().ends_with("@example.test")));
    assert!(!people.is_empty());
    assert!(polder_audit::verify(&mut tx, world.app.checkpoints.verifier()).await.unwrap().broken.is_none());
}

#[tokio::test]
async fn p17_after_a_rotation_no_row_is_under_the_old_version_and_that_is_gone() {
    on_each(|world| async move {
        filled(&world, 450).await;
        complete(&world, 1).await;
        data::rotate(&world.app, &Category::ALL, &By::Schedule).await.unwrap();
        opens(&world).await;
        let done = data::round(&world.app).await.unwrap();
        assert!(done.rows > 900 && done.unreadable == 0 && done.removed == 0, "{done:?}");
        complete(&world, 2).await;
        opens(&world).await;
        assert_eq!(data::round(&world.app).await.unwrap().rows, 0);
        world.clock.advance(STAYS);
        data::round(&world.app).await.unwrap();
        for category in Category::ALL {
            let expected = match category {
                Category::Index => vec![1],
                // The log's entries cannot change: their key stays as long as they do.
                Category::AuditDetails => vec![1, 2],
                _ => vec![2],
            };
            assert_eq!(versions(&world, category).await, expected, "{category}");
        }
        opens(&world).await;
    })
    .await;
}

#[tokio::test]
async fn p17_a_process_killed_while_it_reseals_goes_on() {
    on_each(|mut world| async move {
        filled(&world, 5).await;
        for version in 2..5 {
            data::rotate(&world.app, &Category::ALL, &By::Schedule).await.unwrap();
            world.restart().await;
            opens(&world).await;
            // One row was done when the process ended.
            let keyring = world.app.keyring.clone();
            let one = world.app.db.write(move |tx| {
                Box::pin(async move {
                    let sql = "SELECT id, metadata_sealed FROM session";
                    let row = |row: &polder_db::Row| Ok((row.text("id")?, row.text("metadata_sealed")?));
                    let (id, old) = tx.optional(sql, &[], row).await?.unwrap();
                    let place = format!("session.metadata_sealed:{id}");
                    let new = keyring.reseal(Category::SessionMetadata, &place, &old).unwrap();
                    tx.execute("UPDATE session SET metadata_sealed = $1 WHERE id = $2", &args![new, id]).await
                })
            });
            one.await.unwrap();
            world.restart().await;
            data::round(&world.app).await.unwrap();
            complete(&world, version).await;
            world.restart().await;
            world.clock.advance(STAYS);
            data::round(&world.app).await.unwrap();
            assert_eq!(versions(&world, Category::Identifiers).await, [version]);
            world.restart().await;
            opens(&world).await;
        }
    })
    .await;
}

#[tokio::test]
async fn p17_what_was_sealed_before_and_written_after_is_found() {
    on_each(|world| async move {
        filled(&world, 1).await;
        let late = world.app.keyring.seal_text(Category::Messages, "outbox.parameters_sealed:o", "late");
        data::rotate(&world.app, &[Category::Messages], &By::Schedule).await.unwrap();
        data::round(&world.app).await.unwrap();
        world.clock.advance(STAYS);
        let write = world.app.db.write(move |tx| {
            Box::pin(async move { tx.execute("UPDATE outbox SET parameters_sealed = $1", &args![late]).await })
        });
        write.await.unwrap();
        assert_eq!(data::round(&world.app).await.unwrap().rows, 1, "no version goes while something is under it");
        assert_eq!(versions(&world, Category::Messages).await, [2]);
        assert_eq!(under(&world, "outbox", "parameters_sealed", 2).await, (1, 1));
    })
    .await;
}

#[tokio::test]
async fn p17_a_value_that_does_not_open_keeps_its_key() {
    on_each(|world| async move {
        filled(&world, 2).await;
        let damage = world.app.db.write(|tx| {
            let sql = "UPDATE outbox SET recipient_sealed = '1.AAAA'";
            Box::pin(async move { tx.execute(sql, &[]).await })
        });
        damage.await.unwrap();
        data::rotate(&world.app, &[Category::Identifiers], &By::Schedule).await.unwrap();
        world.clock.advance(STAYS);
        let done = data::round(&world.app).await.unwrap();
        assert_eq!((done.unreadable, done.removed), (1, 0));
        assert_eq!(versions(&world, Category::Identifiers).await, [1, 2]);
    })
    .await;
}

#[tokio::test]
async fn p17_data_keys_rotate_by_themselves_once_a_year() {
    on_each(|world| async move {
        filled(&world, 1).await;
        world.clock.advance(world.app.rotation.data_period);
        data::round(&world.app).await.unwrap();
        complete(&world, 2).await;
        assert_eq!(versions(&world, Category::Index).await, [1]);
    })
    .await;
}
