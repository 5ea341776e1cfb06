//! The seal key (G17): the hand-over between file and database, and what is left without the key.

use std::fs;
use std::path::Path;

use polder_crypto::{Category, SealKey};
use polder_kernel::{Clock, Entropy};
use polder_tenant_runtime::keys::seal::{self, next_to};
use polder_tenant_runtime::keys::{By, SealKeys, data};
use polder_tenant_runtime::startup;
use polder_tenant_runtime::store::data_keys;

use crate::support::world::{World, on_each};

fn write(file: &Path, key: &SealKey) {
    fs::write(file, key.to_text().expose()).unwrap();
}

/// A tenant whose seal key lies in a file.
async fn with_file(world: &mut World, file: &Path) {
    write(file, &world.seal.current);
    start(world, file).await;
    world.user("ann@example.test").await;
}

/// As a new process finds it.
async fn start(world: &mut World, file: &Path) {
    world.seal = SealKeys::read(file).unwrap();
    world.restart().await;
}

async fn opens_with(world: &World, key: &SealKey) -> bool {
    let rows = data_keys::all(&mut world.app.db.read().await.unwrap()).await.unwrap();
    polder_crypto::Keyring::open(key, &rows, Entropy::System).is_ok()
}

#[tokio::test]
async fn g17_the_seal_key_is_rotated_under_a_running_tenant() {
    on_each(|mut world| async move {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seal");
        with_file(&mut world, &file).await;
        let old = world.seal.current.clone();
        assert_eq!(seal::rotate(&world.app, &By::Schedule).await.unwrap(), None, "there is no next one");
        let new = SealKey::generate(&Entropy::System);
        write(&next_to(&file), &new);
        for _ in 0..2 {
            assert_eq!(seal::rotate(&world.app, &By::Schedule).await.unwrap(), Some(new.id()), "twice is once");
        }
        assert!(opens_with(&world, &new).await && !opens_with(&world, &old).await);
        fs::rename(next_to(&file), &file).unwrap();
        // What is made from now on is under the new one too.
        data::rotate(&world.app, &Category::ALL, &By::Schedule).await.unwrap();
        assert!(opens_with(&world, &new).await);
        start(&mut world, &file).await;
        world.user("ben@example.test").await;
        let filter = polder_audit::Filter { action: Some("seal_key.rotated".to_owned()), ..Default::default() };
        let mut tx = world.app.db.read().await.unwrap();
        assert_eq!(polder_audit::list(&mut tx, &filter, None, 9).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn g17_a_seal_key_rotation_killed_at_any_step_is_completed_by_the_next_start() {
    on_each(|mut world| async move {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seal");
        with_file(&mut world, &file).await;
        let old = world.seal.current.clone();
        let new = SealKey::generate(&Entropy::System);
        // Killed after the file was written, before the database was: the start wraps anew.
        write(&next_to(&file), &new);
        start(&mut world, &file).await;
        assert!(opens_with(&world, &new).await && !opens_with(&world, &old).await);
        // Killed before the file took its place: either file is read.
        start(&mut world, &file).await;
        assert_eq!(world.app.seal.current().id(), new.id());
        world.user("ben@example.test").await;
        // Killed after that.
        fs::rename(next_to(&file), &file).unwrap();
        start(&mut world, &file).await;
        assert_eq!(world.app.seal.current().id(), new.id());
        let mut tx = world.app.db.read().await.unwrap();
        let people = polder_tenant_runtime::store::everybody::in_order(
            &mut tx,
            &world.app.keyring,
            polder_tenant_api::UserOrder::Newest,
            None,
            10,
        );
        assert_eq!(people.await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn g17_k3_without_its_seal_key_a_copy_of_the_database_opens_with_nothing() {
    on_each(|mut world| async move {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seal");
        with_file(&mut world, &file).await;
        world.app.db.close().await;
        // The copy is the database itself: the key is gone, everything else is there.
        fs::remove_file(&file).unwrap();
        assert!(SealKeys::read(&file).is_err());
        let db = polder_db::Db::open(&world.database.location, 2).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let rows = data_keys::all(&mut tx).await.unwrap();
        let text = "SELECT value AS v FROM setting UNION ALL SELECT private_sealed FROM signing_key \
                    UNION ALL SELECT wrapped FROM data_key";
        let stored = tx.all(text, &[], |row| row.text("v")).await.unwrap();
        drop(tx);
        assert!(stored.len() >= 13);
        // Whatever is in it, tried as the key.
        let as_keys = stored.iter().filter_map(|text| SealKey::parse(&format!("polder-seal-1.{text}")).ok());
        for key in as_keys.chain([SealKey::generate(&Entropy::System)]) {
            let keys = SealKeys::from(key);
            assert!(keys.opening(&rows, &Entropy::System).is_err());
            let refused = startup::open_database(&db, &keys, &Clock::System, &Entropy::System).await;
            assert!(refused.is_err_and(|refused| refused.to_string().contains("seal key does not open")));
        }
        db.close().await;
    })
    .await;
}
