//! The stores, on every database there is.

use polder_db::Error;
use polder_db::testing::{TestDatabase, databases};
use polder_kernel::{Clock, Entropy, Timestamp};

use super::{MIGRATIONS, operations, organisations, own_applications, settings, tenant_lists, tenants};
use crate::model::{Actor, OperationId, OperationKind, OrganisationId, StepStatus, Tenant, TenantId, TenantState};
use crate::provision::desired::Blueprint;

const NOW: Timestamp = Timestamp::from_seconds(1_795_248_000);

async fn fresh() -> Vec<TestDatabase> {
    let all = databases().await;
    for database in &all {
        database.db.migrate(MIGRATIONS, NOW).await.unwrap();
    }
    all
}

pub(crate) fn tenant(slug: &str, organisation_id: Option<OrganisationId>) -> Tenant {
    Tenant {
        id: TenantId::new(&Clock::System, &Entropy::System),
        slug: slug.parse().unwrap(),
        short_id: format!("short-{slug}"),
        name: slug.to_owned(),
        issuer: format!("http://{slug}.localhost:8600"),
        organisation_id,
        state: TenantState::Provisioning,
        failure: None,
        desired: crate::model::Aim::Running,
        plans: crate::model::tenant::Plans::default(),
        blueprint: Blueprint::Practice,
        created_at: NOW,
        updated_at: NOW,
    }
}

async fn added(database: &TestDatabase, tenant: &Tenant) -> bool {
    let tenant = tenant.clone();
    database.db.write(move |tx| Box::pin(async move { tenants::insert(tx, &tenant).await })).await.unwrap()
}

#[tokio::test]
async fn g24_a_slug_is_given_once_and_read_back_whole() {
    for database in fresh().await {
        let first = tenant("acme", None);
        assert!(added(&database, &first).await, "{}", database.name);
        let mut again = tenant("acme", None);
        again.short_id = "another".to_owned();
        again.issuer = "http://another.localhost:8600".to_owned();
        assert!(!added(&database, &again).await, "{}", database.name);
        let mut tx = database.db.read().await.unwrap();
        let found = tenants::by_slug(&mut tx, &first.slug).await.unwrap().unwrap();
        assert_eq!((found.id, found.short_id, found.blueprint), (first.id, first.short_id, Blueprint::Practice));
        assert_eq!((found.state, found.created_at), (TenantState::Provisioning, NOW));
    }
}

#[tokio::test]
async fn tenants_are_listed_by_organisation_and_after_a_slug() {
    for database in fresh().await {
        let id = OrganisationId::new(&Clock::System, &Entropy::System);
        database
            .db
            .write(move |tx| Box::pin(async move { organisations::insert(tx, id, "Acme", NOW).await }))
            .await
            .unwrap();
        for (slug, organisation) in [("bbb", Some(id)), ("aaa", Some(id)), ("zzz", None), ("ccc", Some(id))] {
            assert!(added(&database, &tenant(slug, organisation)).await);
        }
        let mut tx = database.db.read().await.unwrap();
        let slugs = |tenants: Vec<Tenant>| tenants.into_iter().map(|t| t.slug.to_string()).collect::<Vec<_>>();
        let (order, start) = (tenant_lists::Order::Slug, tenant_lists::Order::Slug.start());
        let first = tenant_lists::page(&mut tx, id, (order, &start), 2).await.unwrap();
        let second = tenant_lists::page(&mut tx, id, (order, &order.after(&first[1])), 2).await.unwrap();
        assert_eq!(slugs(first), ["aaa", "bbb"], "{}", database.name);
        assert_eq!(slugs(second), ["ccc"]);
        assert_eq!(tenants::list(&mut tx).await.unwrap().len(), 4);
    }
}

#[tokio::test]
async fn g23_the_journal_tells_the_story_of_an_operation() {
    for database in fresh().await {
        let acme = tenant("acme", None);
        assert!(added(&database, &acme).await);
        let (id, tenant_id) = (OperationId::new(&Clock::System, &Entropy::System), acme.id);
        database
            .db
            .write(move |tx| {
                Box::pin(async move {
                    operations::begin(tx, id, (tenant_id, OperationKind::Create), &Actor::System, NOW).await?;
                    let first = operations::begin_step(tx, id, "make-folders", NOW).await?;
                    operations::finish_step(tx, id, first, NOW).await?;
                    let second = operations::begin_step(tx, id, "make-keys", NOW).await?;
                    operations::fail_step(tx, id, second, "no space left", NOW).await?;
                    operations::begin_step(tx, id, "make-keys", NOW).await?;
                    assert_eq!(operations::interrupt_steps(tx, id, NOW).await?, 1);
                    assert_eq!(operations::open(tx, tenant_id).await?.map(|open| open.id), Some(id));
                    operations::end(tx, id, false, NOW).await?;
                    assert!(operations::open(tx, tenant_id).await?.is_none());
                    Ok::<_, Error>(())
                })
            })
            .await
            .unwrap();
        let mut tx = database.db.read().await.unwrap();
        let told: Vec<(i64, String, StepStatus, Option<String>)> = operations::history(&mut tx, tenant_id)
            .await
            .unwrap()
            .into_iter()
            .map(|event| (event.seq, event.step, event.status, event.failure))
            .collect();
        let expected = [
            (1, "make-folders", StepStatus::Started, None),
            (1, "make-folders", StepStatus::Finished, None),
            (2, "make-keys", StepStatus::Started, None),
            (2, "make-keys", StepStatus::Failed, Some("no space left")),
            (3, "make-keys", StepStatus::Started, None),
            (3, "make-keys", StepStatus::Failed, Some("interrupted")),
            (i64::MAX, "done", StepStatus::Finished, None),
        ]
        .map(|(seq, step, status, why)| (seq, step.to_owned(), status, why.map(str::to_owned)));
        assert_eq!(told, expected, "{}", database.name);
    }
}

#[tokio::test]
async fn g23_a_tenant_has_one_open_operation() {
    for database in fresh().await {
        let acme = tenant("acme", None);
        assert!(added(&database, &acme).await);
        let begin = async || {
            let (id, tenant_id) = (OperationId::new(&Clock::System, &Entropy::System), acme.id);
            let of = (tenant_id, OperationKind::Start);
            database
                .db
                .write(move |tx| Box::pin(async move { operations::begin(tx, id, of, &Actor::System, NOW).await }))
                .await
        };
        assert!(begin().await.is_ok());
        assert_eq!(begin().await, Err(Error::Conflict), "{}", database.name);
    }
}

#[tokio::test]
async fn what_is_kept_by_name_is_replaced_by_name() {
    for database in fresh().await {
        let acme = tenant("acme", None);
        assert!(added(&database, &acme).await);
        for round in ["one", "two"] {
            let row = own_applications::Row {
                purpose: "console".to_owned(),
                client_id: round.to_owned(),
                secret_sealed: "x".to_owned(),
            };
            let tenant_id = acme.id;
            database
                .db
                .write(move |tx| {
                    Box::pin(async move {
                        own_applications::put(tx, tenant_id, &row, NOW).await?;
                        settings::set(tx, settings::DEV_API_KEY, round, NOW).await
                    })
                })
                .await
                .unwrap();
        }
        let mut tx = database.db.read().await.unwrap();
        let kept = own_applications::of_tenant(&mut tx, acme.id).await.unwrap();
        assert_eq!(kept.iter().map(|row| row.client_id.as_str()).collect::<Vec<_>>(), ["two"], "{}", database.name);
        assert_eq!(settings::get(&mut tx, settings::DEV_API_KEY).await.unwrap().as_deref(), Some("two"));
    }
}
