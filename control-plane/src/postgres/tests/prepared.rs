//! Databases are made, brought up to date, and never made twice.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn g23_killed_at_any_moment_it_converges_to_one_of_everything() {
    let Some(ground) = ground().await else { return };
    // The template is there: what is killed is the making of the tenant.
    let first = short_id();
    ground.start().prepare(&first).await.unwrap();
    ground.start().destroy(&first).await.unwrap();
    for kill_after in [0, 1, 2, 4, 7, 11, 16, 25, 40, 60, 90] {
        let short = short_id();
        let patience = Duration::from_millis(kill_after);
        // What runs at the server goes on for a moment, as after a real kill.
        drop(tokio::time::timeout(patience, ground.start().prepare(&short)).await);
        let postgres = ground.start();
        postgres.prepare(&short).await.unwrap_or_else(|error| panic!("killed after {kill_after} ms: {error}"));
        assert_eq!(ground.on_server(&short).await, expected(&short), "killed after {kill_after} ms");
        postgres.open(&short, &ground.run(&short)).await.unwrap();
        let db = open(&ground.address(&short)).await.unwrap();
        assert_eq!(settings_in(&db).await, Ok(0), "killed after {kill_after} ms");

        drop(tokio::time::timeout(patience, postgres.destroy(&short)).await);
        let again = ground.start();
        again.destroy(&short).await.unwrap_or_else(|error| panic!("killed after {kill_after} ms: {error}"));
        assert!(ground.on_server(&short).await.is_empty(), "killed after {kill_after} ms");
        assert!(settings_in(&db).await.is_err());
        db.close().await;
    }
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_a_database_that_is_gone_is_not_replaced_by_an_empty_one() {
    let Some(ground) = ground().await else { return };
    let (postgres, short) = (ground.start(), short_id());
    postgres.prepare(&short).await.unwrap();
    let names = Names::of(&short).unwrap();
    ground.server.drop_database(&names.database).await.unwrap();
    assert!(!postgres.is_prepared(&short).await.unwrap());
    let refused = postgres.prepare(&short).await.unwrap_err();
    assert!(matches!(refused, PostgresError::Lost(_)) && refused.is_final(), "{refused}");
    assert_eq!(ground.server.marked(&names.database).await.unwrap(), None);
    postgres.destroy(&short).await.unwrap();
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_schema_reaches_a_database_that_is_there_and_makes_a_new_template() {
    let Some(mut ground) = ground().await else { return };
    let short = short_id();
    ground.start().prepare(&short).await.unwrap();
    let old = ground.schema.clone();
    ground.schema = old.replacen("s1_", "s2_", 1);
    let postgres = ground.start();
    assert!(!postgres.is_prepared(&short).await.unwrap(), "it is behind");
    postgres.prepare(&short).await.unwrap();
    assert!(postgres.is_prepared(&short).await.unwrap());
    postgres.open(&short, &ground.run(&short)).await.unwrap();
    open(&ground.address(&short)).await.unwrap().close().await;
    let fresh = short_id();
    postgres.prepare(&fresh).await.unwrap();
    assert!(postgres.is_prepared(&fresh).await.unwrap());
    for short in [&short, &fresh] {
        postgres.destroy(short).await.unwrap();
    }
    // The former template and its role go, in whatever part of it they went before; another installation's stays.
    let former = names::template(&ground.installation, &old).unwrap();
    let others = Ground { folder: tempfile::tempdir().unwrap(), installation: "0".repeat(12), ..ground };
    let neighbour = short_id();
    others.start().prepare(&neighbour).await.unwrap();
    let ground = Ground { installation: former.as_str()[16..28].to_owned(), ..others };
    assert_eq!(ground.templates().await.len(), 4, "a database and a role, of two schemas");
    ground.server.drop_database(&former).await.unwrap();
    assert_eq!(ground.start().remove_old_templates().await.unwrap(), 1);
    assert_eq!(ground.start().remove_old_templates().await.unwrap(), 0);
    assert_eq!(ground.templates().await.len(), 2);
    let kept = Ground { installation: "0".repeat(12), ..ground };
    assert_eq!(kept.templates().await.len(), 2, "a neighbour's template is left alone");
    kept.start().destroy(&neighbour).await.unwrap();
    let installation = former.as_str()[16..28].to_owned();
    kept.server.drop_database(&names::template(&installation, &kept.schema).unwrap()).await.unwrap();
    kept.server.drop_role(&names::template(&installation, &kept.schema).unwrap()).await.unwrap();
    kept.clean().await;
}

#[tokio::test]
async fn g24_only_a_short_id_names_a_database() {
    for wrong in ["", "a b", "a;DROP DATABASE postgres", "../x", "A", &"a".repeat(60)] {
        if !wrong.is_empty() {
            assert!(matches!(Names::of(wrong), Err(PostgresError::Name)), "{wrong}");
        }
    }
    let secrets = tempfile::tempdir().unwrap();
    let secrets = Secrets::open(secrets.path().to_owned()).unwrap();
    assert!(!secrets.has(&Name::TenantDatabase("x")));
    let server: Server = "postgres://nobody@127.0.0.1:1/x".parse().unwrap();
    let away = Postgres::new(server, secrets, Entropy::System, PathBuf::from("/bin/false"), "0".repeat(12));
    assert!(matches!(away.prepare("abc").await, Err(PostgresError::Server(Error::Unavailable(_)))));
}
