//! A lot of everything.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use polder_db::{Db, Error, Location, args};
use polder_tests::Polder;
use reqwest::Method;
use serde_json::json;

const TENANTS: usize = 300;
const PEOPLE: usize = 100_000;
/// As many as one import takes.
const AT_ONCE: usize = 10_000;

/// Tenants that sleep, as most do.
pub async fn tenants(polder: &Polder) -> Result<()> {
    let api = polder.api();
    for n in 2..TENANTS {
        let slug = format!("customer-{n}");
        api.create_tenant(&slug).await?;
        let (status, said) = api.call(Method::POST, &format!("/tenants/{slug}/sleep"), None).await?;
        ensure!(status < 300, "{status} {said}");
    }
    Ok(())
}

/// People of the tenant `practice`.
pub async fn people(polder: &Polder) -> Result<()> {
    const LAST: [&str; 8] = ["de Vries", "Jansen", "Smit", "Bakker", "Visser", "Meijer", "Mulder", "Bos"];
    let api = polder.api();
    for from in (0..PEOPLE).step_by(AT_ONCE) {
        let mut content = String::from("email,name\n");
        for n in from..from + AT_ONCE {
            writeln!(content, "person{n}@example{}.test,Person {} {n}", n % 97, LAST[n % LAST.len()])?;
        }
        let import = json!({"format": "csv", "content": content});
        let (status, begun) = api.call(Method::POST, "/tenants/practice/users/imports", Some(import)).await?;
        ensure!(status == 202, "{status} {begun}");
        let path = format!("/tenants/practice/users/imports/{}", begun["id"].as_str().context("an id")?);
        let mut looks = 0;
        while api.get(&path).await?["state"] == "running" {
            looks += 1;
            if looks > 3_000 {
                bail!("the import does not end");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

/// Audit events of the tenant `practice`, about its people, while it does not run. Their chain is made up.
pub async fn audit_events(polder: &Polder) -> Result<()> {
    for entry in std::fs::read_dir(polder.data.join("tenants"))? {
        let file = entry?.path().join("data/tenant.db");
        if !file.exists() || std::fs::metadata(&file)?.len() < 10 * 1024 * 1024 {
            continue;
        }
        let db = Db::open(&Location::Sqlite(file), 1).await?;
        db.write(|tx| {
            Box::pin(async move {
                tx.execute("CREATE TEMP TABLE known (n INTEGER PRIMARY KEY, id TEXT)", &args![]).await?;
                tx.execute(
                    "INSERT INTO known SELECT ROW_NUMBER() OVER (ORDER BY id) - 1, id FROM user_account",
                    &args![],
                )
                .await?;
                tx.execute(MADE_UP, &args![]).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
        db.close().await;
        return Ok(());
    }
    bail!("no tenant has so many people")
}

/// A million, one every two seconds until now.
const MADE_UP: &str = "
    WITH RECURSIVE place (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM place WHERE n < 1000000)
    INSERT INTO audit_event (chain, seq, at, action, actor_kind, actor_id, user_id, hash)
    SELECT (SELECT MAX(chain) FROM audit_event), (SELECT MAX(seq) FROM audit_event) + place.n,
        (SELECT MAX(at) FROM audit_event) - (1000000 - place.n) * 2000,
        CASE place.n % 4 WHEN 0 THEN 'user.changed' WHEN 1 THEN 'session.ended' ELSE 'session.created' END,
        'user', known.id, known.id, substr(lower(hex(randomblob(22))), 1, 42) || 'A'
    FROM place JOIN known ON known.n = place.n % 100000";
