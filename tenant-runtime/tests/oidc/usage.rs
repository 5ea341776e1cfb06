//! Who was here (K12): counted once a day and once a month, and again from the rows.

use std::sync::Arc;

use polder_kernel::{Day, Month};
use polder_tenant_api::UserId;
use polder_tenant_runtime::account::erase;
use polder_tenant_runtime::error::Internal;
use polder_tenant_runtime::store::{self, users};
use polder_tenant_runtime::usage;

use crate::support::World;
use crate::support::client::{machine, web};
use crate::support::world::on_each;

async fn days(world: &World) -> Vec<(String, u64)> {
    let today = Day::of(world.clock.now());
    let mut tx = world.app.db.read().await.unwrap();
    let (days, _) = usage::report(&mut tx, (today.plus(-60), today), world.clock.now()).await.unwrap();
    days.into_iter().filter(|day| day.active_people > 0).map(|day| (day.day, day.active_people)).collect()
}

async fn months(world: &World) -> Vec<(String, u64, bool)> {
    let today = Day::of(world.clock.now());
    let mut tx = world.app.db.read().await.unwrap();
    let (_, months) = usage::report(&mut tx, (today, today), world.clock.now()).await.unwrap();
    months.into_iter().map(|month| (month.month, month.active_people, month.closed_at.is_some())).collect()
}

async fn recounted(world: &World, month: &str) -> Option<u64> {
    let recount = usage::recount(&world.app, month.parse::<Month>().unwrap()).await.unwrap();
    assert!(recount.days.iter().all(|day| day.kept == day.counted), "{recount:?}");
    recount.counted
}

/// The number of rows that a query gives.
async fn rows(world: &World) -> i64 {
    world.rows("SELECT COUNT(*) AS n FROM active_person").await
}

#[tokio::test]
async fn k12_each_person_counts_once_a_day_and_once_a_month() {
    on_each(async |mut world| {
        let client = world.application(web()).await;
        let (ann, bob) = (world.user("ann@example.test").await, world.user("bob@example.test").await);
        let (phone, laptop, other) = (world.browser(), world.browser(), world.browser());
        // 21 November 2026, 08:00 in UTC.
        for (browser, user) in [(&phone, ann), (&laptop, ann), (&other, bob)] {
            browser.sign_in(&world, user).await;
            browser.tokens(&world, &client).await;
        }
        assert_eq!(days(&world).await, [("2026-11-21".to_owned(), 2)]);
        assert_eq!(months(&world).await, [("2026-11".to_owned(), 2, false)]);
        // Again, and again after a restart, which has forgotten whom it counted.
        phone.tokens(&world, &client).await;
        world.restart().await;
        phone.tokens(&world, &client).await;
        assert_eq!(days(&world).await, [("2026-11-21".to_owned(), 2)]);
        // The next day of UTC one of them is here: without a page, in the session she has.
        world.pass(16 * 3600 + 60);
        phone.sign_in(&world, ann).await;
        phone.tokens(&world, &client).await;
        assert_eq!(days(&world).await, [("2026-11-21".to_owned(), 2), ("2026-11-22".to_owned(), 1)]);
        assert_eq!(months(&world).await, [("2026-11".to_owned(), 2, false)]);
        assert_eq!((rows(&world).await, recounted(&world, "2026-11").await), (2, Some(2)));
    })
    .await;
}

#[tokio::test]
async fn k12_a_renewed_token_counts_and_a_machine_does_not() {
    on_each(async |world| {
        let (client, program) = (world.application(web()).await, world.application(machine()).await);
        let ann = world.user("ann@example.test").await;
        let browser = world.browser();
        browser.sign_in(&world, ann).await;
        let tokens = browser.tokens(&world, &client).await;
        let refresh = tokens.member("refresh_token");
        // Half an hour past midnight: she is here by her phone alone, which renews its token.
        world.pass(16 * 3600 + 1800);
        let again = client.refresh(&world, &refresh).await;
        assert_eq!(again.status, 200, "{}", again.text());
        assert_eq!(days(&world).await, [("2026-11-21".to_owned(), 1), ("2026-11-22".to_owned(), 1)]);
        // The same token within the grace gives the same again, and one that is wrong gives nothing: no more is counted.
        assert_eq!(client.refresh(&world, &refresh).await.status, 200);
        assert_eq!(client.refresh(&world, "wrong").await.status, 400);
        let answer = program.post(&world, "/token", &[("grant_type", "client_credentials")]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(days(&world).await.last().unwrap().1, 1);
        assert_eq!(recounted(&world, "2026-11").await, Some(1));
    })
    .await;
}

#[tokio::test]
async fn k12_fifty_at_once_count_one_person() {
    on_each(async |world| {
        let client = world.application(web()).await;
        let ann = world.user("ann@example.test").await;
        let browser = world.browser();
        browser.sign_in(&world, ann).await;
        let target = client.authorize(&[]);
        let asking = (0..50).map(|_| browser.get(&world, &target));
        let answers = futures_util::future::join_all(asking).await;
        assert!(answers.iter().all(|answer| answer.status == 303), "{:?}", answers[0].status);
        assert_eq!(days(&world).await, [("2026-11-21".to_owned(), 1)]);
        assert_eq!(months(&world).await, [("2026-11".to_owned(), 1, false)]);
    })
    .await;
}

#[tokio::test]
async fn k12_a_month_is_closed_once_and_stays_as_it_was() {
    on_each(async |world| {
        let client = world.application(web()).await;
        let (ann, bob) = (world.user("ann@example.test").await, world.user("bob@example.test").await);
        for user in [ann, bob] {
            let browser = world.browser();
            browser.sign_in(&world, user).await;
            browser.tokens(&world, &client).await;
        }
        usage::close_due(&world.app).await.unwrap();
        assert_eq!(months(&world).await, [("2026-11".to_owned(), 2, false)], "it is not over");
        // Nine days and sixteen hours later it is December; ten minutes are left for what began in November.
        world.pass(9 * 24 * 3600 + 16 * 3600 + 60);
        usage::close_due(&world.app).await.unwrap();
        assert!(!months(&world).await[0].2, "a minute after its end");
        world.pass(600);
        usage::close_due(&world.app).await.unwrap();
        usage::close_due(&world.app).await.unwrap();
        assert_eq!(months(&world).await, [("2026-11".to_owned(), 2, true)]);
        let closed = world.rows("SELECT closed_at AS n FROM usage_month").await;
        // December counts for itself, and closing again changes nothing.
        let browser = world.browser();
        browser.sign_in(&world, ann).await;
        browser.tokens(&world, &client).await;
        usage::close_due(&world.app).await.unwrap();
        assert_eq!(months(&world).await, [("2026-11".to_owned(), 2, true), ("2026-12".to_owned(), 1, false)]);
        assert_eq!(world.rows("SELECT closed_at AS n FROM usage_month WHERE active_people = 2").await, closed);
        assert_eq!((recounted(&world, "2026-11").await, recounted(&world, "2026-12").await), (Some(2), Some(1)));
    })
    .await;
}

#[tokio::test]
async fn k12_a_sum_that_was_tampered_with_is_put_right_from_the_rows() {
    on_each(async |world| {
        let client = world.application(web()).await;
        let ann = world.user("ann@example.test").await;
        let browser = world.browser();
        browser.sign_in(&world, ann).await;
        browser.tokens(&world, &client).await;
        let work = world.app.db.write(|tx| {
            Box::pin(async move {
                tx.execute("UPDATE usage_month SET active_people = 4711", &[]).await?;
                Ok::<_, Internal>(())
            })
        });
        work.await.unwrap();
        let recount = usage::recount(&world.app, "2026-11".parse().unwrap()).await.unwrap();
        assert_eq!((recount.kept, recount.counted), (4711, Some(1)), "the difference is seen");
        world.pass(11 * 24 * 3600);
        usage::close_due(&world.app).await.unwrap();
        assert_eq!(months(&world).await, [("2026-11".to_owned(), 1, true)]);
    })
    .await;
}

async fn erased(world: &World, id: UserId) {
    let app = Arc::clone(&world.app);
    let work = world.app.db.write(move |tx| {
        Box::pin(async move {
            let user = users::by_id(tx, &app.keyring, id).await?.unwrap();
            erase::erase(&app, tx, &user).await?;
            Ok::<_, Internal>(())
        })
    });
    work.await.unwrap();
}

#[tokio::test]
async fn k12_h04_who_is_erased_stays_counted_and_cannot_be_told() {
    on_each(async |world| {
        let client = world.application(web()).await;
        let (ann, bob) = (world.user("ann@example.test").await, world.user("bob@example.test").await);
        for user in [ann, bob] {
            let browser = world.browser();
            browser.sign_in(&world, user).await;
            browser.tokens(&world, &client).await;
        }
        // What the tenant's own key finds her row by.
        let index = |user: UserId| world.app.keyring.index("active-person", format!("2026-11\0{user}").as_bytes());
        let there = async |index: String| {
            let mut tx = world.app.db.read().await.unwrap();
            let rows = store::usage::persons(&mut tx, "2026-11".parse().unwrap(), "", 100).await.unwrap();
            rows.iter().any(|(person, _)| *person == index)
        };
        assert!(there(index(ann)).await && there(index(bob)).await);
        // A month later, when the row is one of those that are kept.
        world.pass(20 * 24 * 3600);
        usage::close_due(&world.app).await.unwrap();
        erased(&world, ann).await;
        assert!(!there(index(ann)).await, "nothing leads from her to her row");
        assert!(there(index(bob)).await);
        assert_eq!(recounted(&world, "2026-11").await, Some(2), "and she is counted all the same");
        assert_eq!(months(&world).await, [("2026-11".to_owned(), 2, true)]);
    })
    .await;
}
