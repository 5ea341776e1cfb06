//! What sleepers cost.

use super::*;

/// Bytes of memory that this process holds.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_sleepers_cost_next_to_nothing() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let acme = acme(&app).await;
    let first = wish(&app, &acme, Action::Sleep).await;
    let before = resident();
    for number in 0..300 {
        let slug: Slug = format!("sleeper-{number}").parse().unwrap();
        let row = Tenant {
            id: crate::model::TenantId::new(&app.clock, &app.entropy),
            issuer: app.settings.issuer(&slug),
            short_id: format!("short{number}"),
            slug,
            ..first.clone()
        };
        let (id, slug) = (row.id, row.slug.to_string());
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    assert!(tenants::insert(tx, &row).await?);
                    life::turn(tx, Aim::Running, &row, row.created_at).await?;
                    tenants::set_state(tx, id, TenantState::Asleep, None, row.created_at).await
                })
            })
            .await
            .unwrap();
        app.routes.hold(&slug, id);
    }
    timers::look(&app).await.unwrap();
    let each = resident().saturating_sub(before) / 300;
    assert!(each < 256 * 1024, "{each} bytes each");
    killed(app).await;
}
