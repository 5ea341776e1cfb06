//! A tenant and its database, with the relay in between.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn g15_a_tenant_reaches_its_own_database_through_its_socket_and_nothing_else() {
    let Some(ground) = ground().await else { return };
    let postgres = ground.start();
    let [mine, other] = ground.two(&postgres).await;
    for short in [&mine, &other] {
        assert_eq!(ground.on_server(short).await, expected(short));
    }
    let db = open(&ground.address(&mine)).await.unwrap();
    assert_eq!(settings_in(&db).await, Ok(0));
    db.close().await;

    type Change = fn(&mut Url, &str);
    let refused: [(&str, Change); 5] = [
        ("28P01", |url, _| url.set_password(Some("wrong")).unwrap()),
        ("28000", |url, other| url.set_username(&format!("t_{other}")).unwrap()),
        ("28000", |url, _| url.set_username("postgres").unwrap()),
        ("3D000", |url, other| url.set_path(&format!("/t_{other}"))),
        ("3D000", |url, _| url.set_path("/postgres")),
    ];
    for (code, change) in refused {
        let mut url = ground.address(&mine);
        change(&mut url, &other);
        let Err(error) = open(&url).await else { panic!("{code}: it was let in") };
        assert!(error.to_string().contains(code), "{code}: {error}");
    }
    // The neighbour's password opens nothing here.
    let mut url = ground.address(&mine);
    url.set_password(ground.address(&other).password()).unwrap();
    assert!(open(&url).await.is_err());

    ground.end(&postgres, &[mine, other]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_the_relay_keeps_to_its_rules() {
    let Some(ground) = ground().await else { return };
    let postgres = ground.start();
    let [mine, other] = ground.two(&postgres).await;
    let socket = |short: &str| ground.run(short).join(crate::postgres::SOCKET);
    let (url, path) = (ground.address(&mine), socket(&mine));

    // Encryption is declined, and the session goes on; other versions and replication are refused.
    let mut client = Client::asking_for_encryption(&path).await;
    client.log_in(&url, &[]).await.unwrap();
    assert_eq!(Client::new(&path).await.log_in(&url, &[("replication", "database")]).await, Err("42501".to_owned()));
    assert_eq!(Client::new(&path).await.log_in(&url, &[("user", "postgres")]).await, Err("08P01".to_owned()));
    assert_eq!(Client::new(&path).await.speak_version_2().await, "08P01");
    assert!(Client::new(&path).await.say_nonsense().await);

    // Options of the first packet go through, and are held to the rights of the role.
    let owner = format!("-c role={}_owner", url.username());
    for option in [owner.as_str(), "-c role=polder", "-c session_preload_libraries=x", "-c log_statement=all"] {
        let refused = Client::new(&path).await.log_in(&url, &[("options", option)]).await;
        assert!(
            refused.as_ref().is_err_and(|code| ["42501", "22023"].contains(&code.as_str())),
            "{option}: {refused:?}"
        );
    }
    assert_eq!(Client::new(&path).await.log_in(&url, &[("USER", "polder")]).await, Err("42704".to_owned()));
    assert_eq!(Client::new(&path).await.log_in(&url, &[("Replication", "1")]).await, Err("42501".to_owned()));
    assert_eq!(
        Client::new(&path).await.log_in(&url, &[("_pq_.x", "1"), ("options", "-c search_path=x")]).await,
        Ok(())
    );

    // What sleeps is woken by its own tenant alone.
    let began = std::time::Instant::now();
    // PostgreSQL alone knows this statement, so it is put together here, out of the portable ones' sight.
    let seconds = 20;
    client.query(&format!("SELECT pg_sleep({seconds})")).await;
    let key = client.key;
    Client::new(&socket(&other)).await.cancel(key).await;
    assert!(
        tokio::time::timeout(Duration::from_millis(600), client.error()).await.is_err(),
        "a neighbour cancelled it"
    );
    Client::new(&path).await.cancel(key).await;
    assert_eq!(client.error().await, "57014");
    assert!(began.elapsed() < Duration::from_secs(10));

    // Sixteen, and no more; others are served meanwhile, and a place that is given back is free.
    let mut open = vec![client];
    while open.len() < 16 {
        let mut next = Client::new(&path).await;
        next.log_in(&url, &[]).await.unwrap();
        open.push(next);
    }
    assert_eq!(Client::new(&path).await.log_in(&url, &[]).await, Err("53300".to_owned()));
    Client::new(&socket(&other)).await.log_in(&ground.address(&other), &[]).await.unwrap();
    open.clear();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut last = Client::new(&path).await;
    last.log_in(&url, &[]).await.unwrap();

    // Closed is closed, also for who is inside.
    postgres.close(&mine);
    assert!(last.ended().await);
    ground.end(&postgres, &[mine, other]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_connections_that_say_nothing_hold_no_place_for_long() {
    let Some(ground) = ground().await else { return };
    let postgres = ground.start();
    let [mine, other] = ground.two(&postgres).await;
    let path = ground.run(&mine).join(crate::postgres::SOCKET);
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(Client::new(&path).await);
    }
    assert!(silent[39].ended().await, "there is an end to them");
    Client::new(&ground.run(&other).join(crate::postgres::SOCKET))
        .await
        .log_in(&ground.address(&other), &[])
        .await
        .unwrap();
    // They had ten seconds to introduce themselves.
    tokio::time::sleep(Duration::from_secs(11)).await;
    Client::new(&path).await.log_in(&ground.address(&mine), &[]).await.unwrap();
    for client in &mut silent {
        assert!(client.ended().await);
    }
    ground.end(&postgres, &[mine, other]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g14_what_a_tenant_puts_in_its_sockets_place_is_neither_followed_nor_in_the_way() {
    let Some(ground) = ground().await else { return };
    let (postgres, short) = (ground.start(), short_id());
    postgres.prepare(&short).await.unwrap();
    let (run, secret) = (ground.run(&short), ground.folder.path().join("host-secret"));
    std::fs::write(&secret, "of the host").unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let socket = run.join(crate::postgres::SOCKET);
    for place in ["link", "folder", "file"] {
        match place {
            "link" => std::os::unix::fs::symlink(&secret, &socket).unwrap(),
            "folder" => std::fs::create_dir_all(socket.join("deeper")).unwrap(),
            _ => std::fs::write(&socket, "x").unwrap(),
        }
        postgres.open(&short, &run).await.unwrap_or_else(|error| panic!("{place}: {error}"));
        open(&ground.address(&short)).await.unwrap().close().await;
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&secret).unwrap().permissions());
        assert_eq!(
            (mode & 0o777, std::fs::read_to_string(&secret).unwrap().as_str()),
            (0o600, "of the host"),
            "{place}"
        );
        postgres.close(&short);
        std::fs::remove_file(&socket).unwrap();
    }
    ground.end(&postgres, &[short]).await;
}
