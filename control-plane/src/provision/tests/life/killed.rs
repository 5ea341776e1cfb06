//! Every operation, killed at every step.

use super::*;

/// Kills the control plane at the step `at` of what `action` begins; `false` when there are fewer.
async fn killed_at(before: &[Action], action: Action, (at, done): (usize, bool)) -> bool {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    for earlier in before {
        wish(&app, &tenant, *earlier).await;
    }
    // As `change` does, without a runner.
    let now = app.clock.now();
    let current = by_slug(&app, "acme").await;
    let turned = crate::provision::transition::next(&current, action, now).unwrap().unwrap();
    let (id, from, row) = (crate::model::OperationId::new(&app.clock, &app.entropy), current.desired, turned.clone());
    let begun = app.db.write(move |tx| {
        Box::pin(async move {
            assert!(life::turn(tx, from, &row, now).await?);
            crate::store::operations::begin(tx, id, (row.id, action.kind()), &Actor::System, now).await
        })
    });
    begun.await.unwrap();
    let desired = Desired::of(&turned, &app.settings);
    let operation = journal::open(&app, &turned, Actor::System).await.unwrap();
    assert_eq!(operation.kind, action.kind());
    let mut more = true;
    for _ in 0..at {
        more = runner::advance(&app, &turned, &operation, &desired).await.unwrap();
    }
    let mut name = "the end".to_owned();
    if more {
        let observed = observe::observe(&app, &turned, &desired).await.unwrap();
        if let Some(step) = plan::next(&desired, &observed).unwrap() {
            name = step.to_string();
            journal::begin(&app, &operation, name.clone()).await.unwrap();
            if done {
                steps::perform(&app, (&turned, &operation), &desired, step).await.unwrap();
            }
        } else {
            more = false;
        }
    }
    killed(app).await;

    let app = control_plane(data.path()).await;
    resume::all(&app).await.unwrap();
    assert_settled(&app, &tenant, turned.desired, &format!("{action:?} killed at {name}, done: {done}")).await;
    let found = by_slug(&app, "acme").await;
    assert_eq!(found.plans.restart_at, None);
    killed(app).await;
    more
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_a_kill_at_every_step_of_every_operation_converges() {
    let table: [(&[Action], Action); 9] = [
        (&[], Action::Suspend),
        (&[Action::Suspend], Action::Resume),
        (&[], Action::Sleep),
        (&[Action::Sleep], Action::Wake),
        (&[], Action::Restart),
        (&[], GRACE),
        (&[GRACE], Action::Undo),
        (&[GRACE], Action::Destroy),
        (&[Action::Suspend, GRACE], Action::Undo),
    ];
    for (before, action) in table {
        for done in [true, false] {
            let mut at = 0;
            while killed_at(before, action, (at, done)).await {
                at += 1;
                assert!(at < 12, "{action:?} never ends");
            }
            assert!(at > 0, "{action:?} has no step");
        }
    }
}
