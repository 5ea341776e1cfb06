//! Deals with the people of an import, some at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use polder_db::Tx;
use polder_kernel::Email;
use polder_tenant_api::{UserId, UserImportId};
use serde_json::json;

use super::Row;
use crate::App;
use crate::admin::invitation;
use crate::error::Internal;
use crate::fields::form;
use crate::store::user_imports::{self, Counts, Import};
use crate::store::{address_changes, profile, users};

/// People in one unit of work: few, so that whoever signs in waits for none of it.
const BATCH: usize = 50;
/// Statements in one unit of work, about: people with many fields and roles are dealt with fewer at a time.
const STATEMENTS: usize = 400;
/// People in one unit of work where each gets a mail.
const INVITED: usize = 25;
/// Between units of work, and as long as the one before took: others come to write half of the time.
const PAUSE: Duration = Duration::from_millis(5);
/// For each of those who get a mail: a hundred a minute leave room for the codes that people wait for.
const MAIL_PAUSE: Duration = Duration::from_millis(600);
/// How long until it is tried again after a failure, and how often it is looked for.
const LOOK: Duration = Duration::from_secs(30);

/// Runs for ever.
pub async fn run(app: Arc<App>) {
    loop {
        if let Err(error) = all(&app, true).await {
            tracing::error!(%error, "an import of people stopped, and will go on");
        }
        tokio::select! {
            () = app.imports.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Deals with everything that is under way, without pauses.
///
/// # Errors
/// When the database fails. What was not done is done later.
pub async fn round(app: &Arc<App>) -> Result<(), Internal> {
    all(app, false).await
}

async fn all(app: &Arc<App>, in_peace: bool) -> Result<(), Internal> {
    loop {
        let mut tx = app.db.read().await?;
        let Some(mut import) = user_imports::under_way(&mut tx).await? else { return Ok(()) };
        let rows = Arc::new(user_imports::rows(&mut tx, &app.keyring, import.id).await?);
        drop(tx);
        let invite = import.options.invite;
        let batch = if invite { INVITED } else { BATCH };
        while import.counts.done < import.total {
            let began = Instant::now();
            let Some(counts) = step(app, &import, &rows, batch).await? else { break };
            let people = u32::try_from(counts.done - import.counts.done).unwrap_or(1);
            let pause = if invite { MAIL_PAUSE * people } else { PAUSE };
            import.counts = counts;
            if in_peace {
                tokio::time::sleep(pause.max(began.elapsed())).await;
            }
        }
    }
}

/// Deals with the next few, for tests that stop in between. `None` when there is nothing to do any more.
///
/// # Errors
/// As [`round`].
pub async fn once(app: &Arc<App>) -> Result<Option<Counts>, Internal> {
    let mut tx = app.db.read().await?;
    let Some(import) = user_imports::under_way(&mut tx).await? else { return Ok(None) };
    let rows = Arc::new(user_imports::rows(&mut tx, &app.keyring, import.id).await?);
    drop(tx);
    step(app, &import, &rows, BATCH).await
}

/// Why a unit of work is rolled back.
enum Halt {
    /// The import was ended, or is elsewhere.
    Over,
    Failed(Internal),
}

impl<E: Into<Internal>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// One unit of work. `None` when the import was ended meanwhile: then nothing of it is kept.
async fn step(
    app: &Arc<App>,
    import: &Import,
    rows: &Arc<Vec<Option<Row>>>,
    batch: usize,
) -> Result<Option<Counts>, Internal> {
    let from = usize::try_from(import.counts.done).unwrap_or(usize::MAX).min(rows.len());
    let to = from + at_once(&rows[from..], batch);
    let (unit, rows, before) = (Arc::clone(app), Arc::clone(rows), import.counts);
    let (id, options, by) = (import.id, import.options, import.asked_by.clone());
    let total = import.total;
    let done = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let mut counts = before;
                let forgotten = user_imports::hold(tx, id).await?.ok_or(Halt::Over)?;
                for row in &rows[from..to] {
                    // What became of somebody, by the names of what was set; roles as they are, since they open doors.
                    let event = |action, set: &Set| {
                        by.event(action).details(json!({ "import": id, "fields": set.fields, "roles": set.roles }))
                    };
                    let dealt = match row {
                        Some(row) => deal(&unit, tx, (row, &forgotten), (options.update, options.invite)).await?,
                        None => Dealt::Left,
                    };
                    match dealt {
                        Dealt::Added(user, set, invited) => {
                            counts.created += 1;
                            polder_audit::record(tx, event("user.created", &set).user(user));
                            if invited {
                                let details = json!({ "import": id });
                                polder_audit::record(tx, by.event("user.invited").details(details).user(user));
                            }
                        }
                        Dealt::Changed(user, set) => {
                            counts.updated += 1;
                            polder_audit::record(tx, event("user.changed", &set).user(user));
                        }
                        Dealt::Left => counts.skipped += 1,
                    }
                    counts.done += 1;
                }
                // Where the rows are gone there is nothing more to do.
                counts.done = if from == to { total } else { counts.done };
                if !user_imports::advance(tx, id, (before, counts), unit.clock.now()).await? {
                    return Err(Halt::Over);
                }
                if counts.done >= total {
                    polder_audit::record(tx, by.event("user_import.finished").details(told(id, counts)));
                }
                Ok(counts)
            })
        })
        .await;
    app.outbox_filled.notify_one();
    match done {
        Ok(counts) => Ok(Some(counts)),
        Err(Halt::Over) => Ok(None),
        Err(Halt::Failed(error)) => Err(error),
    }
}

/// How many of these people make a unit of work: one at least, where there is one.
fn at_once(rows: &[Option<Row>], most: usize) -> usize {
    let (mut people, mut statements) = (0, 0);
    for row in rows.iter().take(most) {
        statements += row.as_ref().map_or(0, statements_of);
        if people > 0 && statements > STATEMENTS {
            break;
        }
        people += 1;
    }
    people
}

/// About how many statements a person takes: looked up, made, invited; each role; each field away and there.
fn statements_of(row: &Row) -> usize {
    6 + row.roles.as_ref().map_or(0, Vec::len) + 2 * row.fields.len()
}

fn told(id: UserImportId, counts: Counts) -> serde_json::Value {
    json!({ "import": id, "created": counts.created, "updated": counts.updated, "skipped": counts.skipped })
}

enum Dealt {
    Added(UserId, Set, bool),
    Changed(UserId, Set),
    Left,
}

/// What was set of somebody, by name, and the roles they have now where those were.
#[derive(Default)]
struct Set {
    fields: Vec<String>,
    roles: Option<Vec<String>>,
}

impl Set {
    fn note(&mut self, field: &str) {
        self.fields.push(field.to_owned());
    }
}

async fn deal(
    app: &App,
    tx: &mut Tx,
    (row, forgotten): (&Row, &[String]),
    (update, invite): (bool, bool),
) -> Result<Dealt, Internal> {
    let impossible = Internal::Impossible { table: "user_import", column: "rows_sealed" };
    let email: Email = row.email.parse().map_err(|_| impossible)?;
    // Erased after the lines were read.
    if !forgotten.is_empty() && forgotten.contains(&user_imports::address_hash(&app.keyring, &email)) {
        return Ok(Dealt::Left);
    }
    let now = app.clock.now();
    let fields: Vec<_> = row.fields.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
    let id = UserId::new(&app.clock, &app.entropy);
    let new =
        users::NewUser { id, email: &email, email_verified_at: None, name: row.name.as_deref(), locale: row.locale };
    // Whoever had the address lately can take it back: it is nobody else's until then.
    let kept = address_changes::is_kept(tx, &app.keyring, &email, now).await?;
    if !kept && users::create(tx, &app.keyring, &new, now).await? {
        let mut set = Set::default();
        if row.name.is_some() {
            set.note("name");
        }
        if row.locale.is_some() {
            set.note("locale");
        }
        if let Some(roles) = row.roles.as_ref().filter(|roles| !roles.is_empty()) {
            users::set_roles(tx, id, roles).await?;
            set.note("roles");
            set.roles = Some(roles.clone());
        }
        form::store(app, tx, id, &fields).await?;
        set.fields.extend(form::names(&fields));
        let added = if invite { users::by_id(tx, &app.keyring, id).await? } else { None };
        if let Some(user) = &added {
            invitation::put(app, tx, user).await?;
        }
        return Ok(Dealt::Added(id, set, added.is_some()));
    }
    let there = if update { users::by_email(tx, &app.keyring, &email).await? } else { None };
    // Whoever is stopped from signing in may have their data restricted: it stays as it is (GDPR art. 18).
    let Some(user) = there.filter(|user| user.disabled_at.is_none()) else { return Ok(Dealt::Left) };
    let mut set = Set::default();
    if let Some(name) = row.name.as_deref().filter(|name| user.name.as_deref() != Some(*name))
        && users::set_name(tx, &app.keyring, user.id, name, now).await?
    {
        set.note("name");
    }
    if let Some(locale) = row.locale.filter(|locale| user.locale != Some(*locale)) {
        users::set_locale(tx, user.id, locale, now).await?;
        set.note("locale");
    }
    if let Some(roles) = &row.roles
        && users::roles(tx, user.id).await? != *roles
    {
        users::set_roles(tx, user.id, roles).await?;
        set.note("roles");
        set.roles = Some(roles.clone());
    }
    if !fields.is_empty() {
        let held = profile::values(tx, &app.keyring, user.id).await?;
        let others: Vec<_> = fields.into_iter().filter(|(name, value)| held.get(name) != value.as_ref()).collect();
        form::store(app, tx, user.id, &others).await?;
        set.fields.extend(form::names(&others));
    }
    Ok(if set.fields.is_empty() { Dealt::Left } else { Dealt::Changed(user.id, set) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(roles: usize, fields: usize) -> Option<Row> {
        let roles: Vec<String> = (0..roles).map(|n| format!("r{n}")).collect();
        let fields: serde_json::Map<_, _> = (0..fields).map(|n| (format!("f{n}"), json!("x"))).collect();
        serde_json::from_value(json!({ "email": "ann@example.test", "roles": roles, "fields": fields })).ok()
    }

    #[test]
    fn k17_a_unit_of_work_is_of_few_people_and_few_statements() {
        for (roles, fields, people) in [(0, 0, BATCH), (2, 0, BATCH), (32, 50, 2), (0, 20, 8)] {
            let rows = vec![row(roles, fields); 200];
            assert!(rows[0].is_some());
            assert_eq!(at_once(&rows, BATCH), people, "{roles} roles, {fields} fields");
        }
        assert_eq!((at_once(&[], BATCH), at_once(&vec![row(32, 500); 9], BATCH)), (0, 1), "one always");
        assert_eq!(at_once(&vec![None; 200], BATCH), BATCH, "who was taken out costs nothing");
    }
}
