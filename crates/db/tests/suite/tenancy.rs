//! A database of one's own on a PostgreSQL server: how it is made, and what its runtime role cannot do
//! (G15, G16). Everything here needs the server; without one there is nothing to try.

use std::time::{Duration, Instant};

use polder_db::server::{Role, Server};
use polder_db::{AuditGuard, Db, Error, Location, Migration, Name, args, fingerprint};
use polder_kernel::{Entropy, Secret, Timestamp};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

const SCHEMA: &[Migration] =
    &[Migration { version: 1, name: "first", sql: include_str!("../../../../migrations/tenant/0001_first.sql") }];
const GUARD: AuditGuard = AuditGuard { keep_at_least: Some(Duration::from_secs(86_400)) };

/// The verifier of `pencil`, as in RFC 7677.
fn verifier() -> Secret<String> {
    Secret::new(
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=".to_owned(),
    )
}

struct Ground {
    server: Server,
    prefix: String,
    template: Name,
}

struct Tenant {
    database: Name,
    owner: Name,
    runtime: Name,
}

#[expect(clippy::disallowed_methods, reason = "tests have no command line to take it from")]
async fn ground() -> Option<Ground> {
    let address = std::env::var("POLDER_TEST_POSTGRES").ok().filter(|address| !address.is_empty())?;
    let server: Server = address.parse().unwrap();
    server.check().await.unwrap();
    let prefix = format!("polder_try_{:016x}", u64::from_le_bytes(Entropy::System.bytes()));
    let template: Name = format!("{prefix}_template").parse().unwrap();
    let ground = Ground { server, prefix, template };
    let making = ground.server.make_template(&ground.template, &verifier()).await.unwrap().unwrap();
    let db = ground.open(&ground.template, &ground.template).await;
    db.migrate(SCHEMA, Timestamp::from_seconds(1)).await.unwrap();
    db.guard_audit(GUARD).await.unwrap();
    db.close().await;
    making.finish().await.unwrap();
    Some(ground)
}

impl Ground {
    fn at(&self, database: &str, role: &str) -> String {
        let password = Secret::new("pencil".to_owned());
        self.server.address(&database.parse().unwrap(), &role.parse().unwrap(), &password).expose().clone()
    }

    async fn open(&self, database: &Name, role: &Name) -> Db {
        let location = Location::Postgres(Secret::new(self.at(database.as_str(), role.as_str())));
        Db::open(&location, 2).await.unwrap()
    }

    async fn tenant(&self, name: &str) -> Tenant {
        let name = |end: &str| format!("{}_{name}{end}", self.prefix).parse::<Name>().unwrap();
        let tenant = Tenant { database: name(""), owner: name("_owner"), runtime: name("") };
        let verifier = verifier();
        let role = |name| Role { name, verifier: Some(&verifier), connections: 8 };
        self.server.put_roles(&[role(&tenant.owner), role(&tenant.runtime)]).await.unwrap();
        self.server.clone_database(&tenant.database, &self.template).await.unwrap();
        self.server.hand_over(&tenant.database, &self.template, (&tenant.owner, &tenant.runtime)).await.unwrap();
        tenant
    }

    async fn clean(self) {
        for name in self.server.named(&self.prefix.parse().unwrap()).await.unwrap() {
            self.server.drop_database(&name.parse().unwrap()).await.unwrap();
        }
        for name in self.server.named(&self.prefix.parse().unwrap()).await.unwrap() {
            self.server.drop_role(&name.parse().unwrap()).await.unwrap();
        }
        assert!(self.server.named(&self.prefix.parse().unwrap()).await.unwrap().is_empty());
        self.server.close().await;
    }
}

/// The SQLSTATE that the server refuses a statement with.
async fn refusal(connection: &mut PgConnection, sql: &str) -> Option<String> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    done.err().map(|error| {
        let error = error.into_database_error().expect("the server's own refusal");
        error.code().unwrap_or_default().into_owned()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_g16_the_runtime_role_reads_and_writes_rows_and_nothing_else() {
    let Some(ground) = ground().await else { return };
    let (mine, other) = (ground.tenant("mine").await, ground.tenant("other").await);
    let (me, owner) = (&mine.runtime, &mine.owner);

    // Other databases.
    for database in ["postgres", "template1", other.database.as_str(), ground.template.as_str()] {
        let refused = PgConnection::connect(&ground.at(database, me.as_str())).await.map(drop).unwrap_err();
        let code = refused.into_database_error().unwrap().code().unwrap_or_default().into_owned();
        assert!(["42501", "55000"].contains(&code.as_str()), "{database}: {code}");
    }

    let mut connection = PgConnection::connect(&ground.at(mine.database.as_str(), me.as_str())).await.unwrap();
    let attempts = [
        // The server's programs and files.
        "COPY (SELECT 1) TO PROGRAM 'id'".to_owned(),
        "COPY setting FROM PROGRAM 'id'".to_owned(),
        "COPY (SELECT 1) TO '/tmp/polder-was-here'".to_owned(),
        "COPY setting FROM '/etc/passwd'".to_owned(),
        "SELECT pg_read_file('/etc/passwd')".to_owned(),
        "SELECT pg_read_binary_file('postgresql.conf')".to_owned(),
        "SELECT pg_ls_dir('.')".to_owned(),
        "SELECT pg_stat_file('PG_VERSION')".to_owned(),
        "SELECT lo_import('/etc/passwd')".to_owned(),
        "SELECT lo_create(0)".to_owned(),
        "SELECT lo_from_bytea(0, 'kept where nobody looks')".to_owned(),
        "SET temp_file_limit = -1".to_owned(),
        "SET log_statement = 'none'".to_owned(),
        "LOAD 'plpgsql'".to_owned(),
        "SELECT pg_reload_conf()".to_owned(),
        "SELECT rolpassword FROM pg_authid".to_owned(),
        "SELECT passwd FROM pg_shadow".to_owned(),
        "ALTER SYSTEM SET log_statement = 'all'".to_owned(),
        // Other roles and databases.
        "CREATE ROLE friend".to_owned(),
        "CREATE DATABASE mine".to_owned(),
        format!("ALTER ROLE {me} SUPERUSER"),
        format!("ALTER ROLE {me} CONNECTION LIMIT -1"),
        format!("SET ROLE {owner}"),
        format!("SET SESSION AUTHORIZATION {owner}"),
        format!("GRANT {owner} TO {me}"),
        format!("ALTER DATABASE {} OWNER TO {me}", mine.database),
        format!("DROP DATABASE {}", other.database),
        format!("COMMENT ON DATABASE {} IS 'x'", mine.database),
        format!("REASSIGN OWNED BY {owner} TO {me}"),
        // The schema.
        "CREATE TABLE more (id TEXT)".to_owned(),
        "CREATE TEMPORARY TABLE audit_event (id TEXT)".to_owned(),
        "CREATE SCHEMA more".to_owned(),
        "CREATE VIEW more AS SELECT 1".to_owned(),
        "CREATE FUNCTION public.more() RETURNS INT LANGUAGE sql AS 'SELECT 1'".to_owned(),
        "CREATE INDEX more ON session (id)".to_owned(),
        "ALTER TABLE session ADD COLUMN more TEXT".to_owned(),
        "ALTER TABLE audit_event DISABLE TRIGGER ALL".to_owned(),
        format!("ALTER TABLE audit_event OWNER TO {me}"),
        "DROP TABLE session".to_owned(),
        "DROP FUNCTION audit_prune(bigint, bigint, bigint, bigint)".to_owned(),
        "CREATE RULE more AS ON INSERT TO audit_event DO INSTEAD NOTHING".to_owned(),
        "CREATE PUBLICATION more FOR TABLE audit_event".to_owned(),
        "UPDATE schema_migration SET checksum = ''".to_owned(),
        "DELETE FROM schema_migration".to_owned(),
        "INSERT INTO schema_migration VALUES (99, '', '', 0)".to_owned(),
        // The log, and everything at once.
        "TRUNCATE audit_event".to_owned(),
        "TRUNCATE session CASCADE".to_owned(),
        "UPDATE audit_event SET actor_id = 'nobody'".to_owned(),
        "DELETE FROM audit_event".to_owned(),
        "DELETE FROM audit_event WHERE seq = 1".to_owned(),
        "UPDATE audit_checkpoint SET signature = ''".to_owned(),
        "DELETE FROM audit_checkpoint".to_owned(),
        "SELECT 1 FROM audit_event FOR UPDATE".to_owned(),
        "LOCK TABLE audit_event IN ACCESS EXCLUSIVE MODE".to_owned(),
        "SELECT audit_prune(0, 99, 0, 100)".to_owned(),
        "SELECT audit_start(0, 99, 'x')".to_owned(),
    ];
    for sql in attempts {
        let code = refusal(&mut connection, &sql).await;
        // 25P01: LOCK outside of a transaction is refused before rights are looked at.
        assert!(matches!(code.as_deref(), Some("42501" | "25P01")), "{sql}: {code:?}");
    }
    for extension in ["dblink", "postgres_fdw", "file_fdw", "plpython3u"] {
        let code = refusal(&mut connection, &format!("CREATE EXTENSION {extension}")).await;
        assert!(matches!(code.as_deref(), Some("42501" | "0A000" | "58P01")), "{extension}: {code:?}");
    }
    let dblink = refusal(&mut connection, "SELECT dblink_connect('dbname=postgres')").await;
    assert_eq!(dblink.as_deref(), Some("42883"), "there is no such function");

    // This one is only warned of, and grants nothing, as is looked at next: what it serves with.
    refusal(&mut connection, &format!("GRANT ALL ON audit_event, schema_migration TO {me}")).await;
    let granted: Vec<(String, String)> = sqlx::query_as(
        "SELECT CAST(table_name AS TEXT), CAST(string_agg(privilege_type, ' ' ORDER BY privilege_type) AS TEXT)
        FROM information_schema.role_table_grants WHERE grantee = $1 GROUP BY table_name",
    )
    .bind(me.as_str())
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(granted.len() > 15, "{granted:?}");
    for (table, rights) in granted {
        let expected = match table.as_str() {
            "audit_event" | "audit_checkpoint" => "INSERT SELECT",
            "schema_migration" => "SELECT",
            _ => "DELETE INSERT SELECT UPDATE",
        };
        assert_eq!(rights, expected, "{table}");
    }
    let (superuser, powers): (bool, bool) = sqlx::query_as(
        "SELECT rolsuper, rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls FROM pg_roles WHERE rolname = $1",
    )
    .bind(me.as_str())
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert!(!superuser && !powers);
    connection.close().await.unwrap();
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_what_a_role_sees_of_others_is_names_that_say_nothing() {
    let Some(ground) = ground().await else { return };
    let (mine, other) = (ground.tenant("mine").await, ground.tenant("other").await);
    let busy = ground.open(&other.database, &other.runtime).await;
    let mut connection =
        PgConnection::connect(&ground.at(mine.database.as_str(), mine.runtime.as_str())).await.unwrap();
    let shown = "SELECT COUNT(*) FROM pg_stat_activity WHERE usename = $1";
    let told = "SELECT COUNT(*) FROM pg_stat_activity WHERE usename = $1 AND (client_addr IS NOT NULL \
        OR query_start IS NOT NULL OR query <> '<insufficient privilege>')";
    for (sql, least, most) in [(shown, 1, 8), (told, 0, 0)] {
        let count: i64 = sqlx::query_scalar(sql).bind(other.runtime.as_str()).fetch_one(&mut connection).await.unwrap();
        assert!((least..=most).contains(&count), "{sql}: {count}");
    }
    for sql in [
        format!("SELECT pg_database_size('{}')", other.database),
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'", other.runtime),
        format!("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = '{}'", other.runtime),
    ] {
        assert_eq!(refusal(&mut connection, &sql).await.as_deref(), Some("42501"), "{sql}");
    }
    connection.close().await.unwrap();
    busy.close().await;
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g15_what_a_role_does_to_itself_is_undone_and_what_it_leaves_behind_stops_nothing() {
    let Some(ground) = ground().await else { return };
    let tenant = ground.tenant("self").await;
    let me = &tenant.runtime;
    let at = ground.at(tenant.database.as_str(), me.as_str());
    let mut connection = PgConnection::connect(&at).await.unwrap();
    for sql in [
        format!("ALTER ROLE {me} SET statement_timeout = 1"),
        format!("ALTER ROLE {me} IN DATABASE {} SET search_path = 'elsewhere'", tenant.database),
        format!("ALTER ROLE {me} PASSWORD NULL"),
    ] {
        assert_eq!(refusal(&mut connection, &sql).await, None, "every role may: {sql}");
    }
    let known = verifier();
    let role = Role { name: me, verifier: Some(&known), connections: 8 };
    ground.server.put_roles(&[role]).await.unwrap();
    let mut again = PgConnection::connect(&at).await.unwrap();
    for (name, expected) in
        [("statement_timeout", "0"), ("search_path", "\"$user\", public"), ("temp_file_limit", "512MB")]
    {
        let sql = format!("SHOW {name}");
        let value: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut again).await.unwrap();
        assert_eq!(value, expected, "{name}");
    }

    // Its defaults of the first packet are held to its rights as well.
    for option in
        ["role=postgres", "session_authorization=postgres", "session_preload_libraries=x", "log_statement=all"]
    {
        let options: PgConnectOptions = at.parse().unwrap();
        let (name, value) = option.split_once('=').unwrap();
        let refused = options.options([(name, value)]).connect().await.map(drop).unwrap_err();
        let code = refused.into_database_error().unwrap().code().unwrap_or_default().into_owned();
        assert!(["42501", "22023"].contains(&code.as_str()), "{option}: {code}");
    }

    // A function of a later schema is nobody's to call until it is granted.
    let as_owner = ground.open(&tenant.database, &tenant.owner).await;
    let later = "CREATE FUNCTION later() RETURNS INT LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'";
    let made: Result<u64, Error> =
        as_owner.write(move |tx| Box::pin(async move { tx.execute_composed(later.to_owned(), &[]).await })).await;
    made.unwrap();
    as_owner.close().await;
    assert_eq!(refusal(&mut again, "SELECT later()").await.as_deref(), Some("42501"));

    // A transaction that is held open is ended, whatever the session asked for.
    assert_eq!(refusal(&mut again, "SET idle_in_transaction_session_timeout = 0").await, None);
    assert_eq!(refusal(&mut again, "BEGIN; SELECT 1").await, None);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(ground.server.end_overlong(me, 3_600).await, Ok(0), "not yet");
    assert_eq!(ground.server.end_overlong(me, 1).await, Ok(1));
    assert!(sqlx::raw_sql("SELECT 1").execute(&mut again).await.is_err());
    assert_eq!(refusal(&mut connection, "SELECT 1").await, None, "others go on");

    // What was prepared for a commit in two phases keeps no database from being dropped.
    let prepared = refusal(
        &mut connection,
        "BEGIN; INSERT INTO setting (name, value, updated_at) VALUES ('a', 'b', 0); PREPARE TRANSACTION 'it''s left'",
    );
    // 55000: the server takes no such transactions.
    assert!(matches!(prepared.await.as_deref(), None | Some("55000")));
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g16_the_runtime_role_serves_a_schema_that_only_the_owner_changes() {
    let Some(ground) = ground().await else { return };
    let tenant = ground.tenant("served").await;
    let db = ground.open(&tenant.database, &tenant.runtime).await;
    db.migrate(SCHEMA, Timestamp::from_seconds(2)).await.unwrap();
    db.guard_audit(GUARD).await.unwrap();
    let insert = "INSERT INTO setting (name, value, updated_at) VALUES ($1, 'x', 0)";
    let added: Result<u64, Error> =
        db.write(move |tx| Box::pin(async move { tx.execute(insert, &args!["a"]).await })).await;
    assert_eq!(added, Ok(1));

    // A newer program: its migration is the owner's work.
    let second = Migration { version: 2, name: "second", sql: "CREATE TABLE later (id TEXT PRIMARY KEY)" };
    let newer = [SCHEMA[0], second];
    let refused = db.migrate(&newer, Timestamp::from_seconds(3)).await.unwrap_err().to_string();
    assert!(refused.contains("polder-tenant migrate") && refused.lines().count() == 1, "{refused}");
    let other = AuditGuard { keep_at_least: None };
    assert!(db.guard_audit(other).await.unwrap_err().to_string().contains("polder-tenant migrate"));

    let as_owner = ground.open(&tenant.database, &tenant.owner).await;
    as_owner.migrate(&newer, Timestamp::from_seconds(3)).await.unwrap();
    as_owner.grant_runtime(tenant.runtime.clone()).await.unwrap();
    as_owner.close().await;
    db.migrate(&newer, Timestamp::from_seconds(4)).await.unwrap();
    let into_new: Result<u64, Error> =
        db.write(|tx| Box::pin(async { tx.execute("INSERT INTO later (id) VALUES ('a')", &[]).await })).await;
    assert_eq!(into_new, Ok(1));
    assert_ne!(fingerprint(SCHEMA, GUARD), fingerprint(&newer, GUARD));
    assert_ne!(fingerprint(SCHEMA, GUARD), fingerprint(SCHEMA, other));
    db.close().await;
    ground.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_every_call_may_be_made_again_and_by_several_at_once() {
    let Some(ground) = ground().await else { return };
    assert!(ground.server.make_template(&ground.template, &verifier()).await.unwrap().is_none(), "it is there");
    let tenant = ground.tenant("twice").await;
    assert_eq!(ground.server.marked(&tenant.database).await.unwrap(), Some(None));
    ground.server.clone_database(&tenant.database, &ground.template).await.unwrap();
    ground.server.hand_over(&tenant.database, &ground.template, (&tenant.owner, &tenant.runtime)).await.unwrap();
    let schema: Name = "s1_test".parse().unwrap();
    ground.server.mark(&tenant.database, &schema).await.unwrap();
    assert_eq!(ground.server.marked(&tenant.database).await.unwrap(), Some(Some("s1_test".to_owned())));
    // Side by side, from one template.
    let began = Instant::now();
    let (a, b, c) = tokio::join!(ground.tenant("a"), ground.tenant("b"), ground.tenant("c"));
    assert!(began.elapsed() < Duration::from_secs(20));
    for tenant in [&a, &b, &c] {
        ground.open(&tenant.database, &tenant.runtime).await.close().await;
    }
    // A database with somebody in it goes all the same.
    let inside = ground.open(&a.database, &a.runtime).await;
    for _ in 0..2 {
        ground.server.drop_database(&a.database).await.unwrap();
        ground.server.drop_role(&a.runtime).await.unwrap();
        ground.server.drop_role(&a.owner).await.unwrap();
    }
    assert_eq!(ground.server.marked(&a.database).await.unwrap(), None);
    inside.close().await;
    ground.clean().await;
}

#[tokio::test]
async fn f16_a_server_shows_where_it_is_and_no_password() {
    let server: Server = "postgres://ann:hunter2@127.0.0.1:5999/x".parse().unwrap();
    assert_eq!(format!("{server:?}"), "Server(127.0.0.1:5999)");
    let error = server.check().await.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(_)) && !error.to_string().contains("hunter2"), "{error}");
    let socket: Server = "postgres://ann@%2Frun%2Fpostgresql:5433/x".parse().unwrap();
    assert_eq!(socket.endpoint().to_string(), "/run/postgresql/.s.PGSQL.5433");
    let v6: Server = "postgres://ann@[::1]:5433/x".parse().unwrap();
    assert_eq!(v6.endpoint().to_string(), "[::1]:5433");
    for wrong in ["", "sqlite", "mysql://a/b", "127.0.0.1:5432"] {
        assert!(wrong.parse::<Server>().is_err(), "{wrong}");
    }
}
