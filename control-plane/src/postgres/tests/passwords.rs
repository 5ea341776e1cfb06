//! Passwords are files, and are replaced.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn g18_passwords_are_files_and_can_be_replaced() {
    let Some(ground) = ground().await else { return };
    let (postgres, short) = (ground.start(), short_id());
    postgres.prepare(&short).await.unwrap();
    postgres.open(&short, &ground.run(&short)).await.unwrap();
    let before = ground.address(&short);
    open(&before).await.unwrap().close().await;
    for file in std::fs::read_dir(ground.folder.path().join("secrets")).unwrap() {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.unwrap().metadata().unwrap().permissions());
        assert_eq!(mode & 0o077, 0);
    }
    // The present one works until the runtime is started with the next, whoever was killed in between.
    postgres.rotate(&short, true).await.unwrap();
    let next = || std::fs::read_to_string(ground.folder.path().join(format!("secrets/{short}.database.next")));
    let waiting = next().unwrap();
    postgres.rotate(&short, true).await.unwrap();
    assert_eq!(next().unwrap(), waiting, "a repeat waits for the same one");
    open(&before).await.unwrap().close().await;
    let again = ground.start();
    assert!(again.has_next(&short));
    again.open(&short, &ground.run(&short)).await.unwrap();
    let after = ground.address(&short);
    assert_ne!(before.password(), after.password());
    assert!(open(&before).await.is_err(), "the old password still opens it");
    open(&after).await.unwrap().close().await;
    assert!(next().is_err());
    // Where nothing runs there is nobody to wait for.
    again.close(&short);
    again.rotate(&short, false).await.unwrap();
    again.open(&short, &ground.run(&short)).await.unwrap();
    assert!(open(&after).await.is_err());
    open(&ground.address(&short)).await.unwrap().close().await;
    postgres.destroy(&short).await.unwrap();
    let left = std::fs::read_dir(ground.folder.path().join("secrets")).unwrap().count();
    assert_eq!(left, 0, "no password is left");
    ground.clean().await;
}
