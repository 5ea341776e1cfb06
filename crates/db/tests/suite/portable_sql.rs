//! The rules of `migrations/README.md`, checked over every migration and every SQL literal.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use polder_db::testing;
use polder_db::{Location, Migration};
use polder_kernel::Timestamp;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use crate::literals::sql_literals;

/// Words that one of the two databases lacks or understands differently, or that the rules forbid.
const FORBIDDEN: &[&str] = &[
    "AUTOINCREMENT",
    "BIGSERIAL",
    "BLOB",
    "BOOL",
    "BOOLEAN",
    "BYTEA",
    "CHAR",
    "COLLATE",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "DATE",
    "DATETIME",
    "DECIMAL",
    "DOUBLE",
    "FALSE",
    "FLOAT",
    "GEN_RANDOM_UUID",
    "GLOB",
    "IFNULL",
    "ILIKE",
    "INT",
    "INTEGER",
    "JSON",
    "JSONB",
    "JULIANDAY",
    "LIKE",
    "NOCASE",
    "NOW",
    "NUMERIC",
    "OFFSET",
    "PRAGMA",
    "RANDOM",
    "REAL",
    "REGEXP",
    "REPLACE",
    "ROWID",
    "SERIAL",
    "SIMILAR",
    "SMALLINT",
    "STRFTIME",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "TRUE",
    "UNIXEPOCH",
    "UUID",
    "VARCHAR",
];
/// Further words that a migration may not have: it only adds.
const FORBIDDEN_IN_MIGRATIONS: &[&str] = &["DROP", "RENAME", "TRUNCATE"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Without comments and the content of quotes.
fn bare(sql: &str) -> String {
    let lines: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    lines.join("\n").split('\'').step_by(2).collect::<Vec<_>>().join("''")
}

fn words(bare: &str) -> Vec<String> {
    bare.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_uppercase)
        .collect()
}

fn problems(sql: &str) -> Vec<String> {
    let bare = bare(sql);
    let words = words(&bare);
    let mut found: Vec<String> = words
        .iter()
        .filter(|word| FORBIDDEN.contains(&word.as_str()))
        .map(|word| format!("{word} is not portable"))
        .collect();
    for (sign, instead) in
        [("?", "$n"), ("::", "CAST"), ("`", "no quotes"), ("\"", "no quotes"), ("->", "no JSON in SQL")]
    {
        if bare.contains(sign) {
            found.push(format!("{sign} is not portable: {instead}"));
        }
    }
    for (at, _) in bare.match_indices("SUM(") {
        if !bare[..at].trim_end().ends_with("CAST(") {
            found.push("SUM gives another type on PostgreSQL: CAST(SUM(…) AS BIGINT)".to_owned());
        }
    }
    found
}

/// Every column of a `CREATE TABLE` or `ADD COLUMN` is `TEXT` or `BIGINT`.
fn column_problems(sql: &str) -> Vec<String> {
    let mut found = Vec::new();
    for statement in bare(sql).split(';') {
        let words = words(statement);
        let columns: Vec<(String, String)> = match words.first().map(String::as_str) {
            Some("CREATE") if words.get(1).is_some_and(|word| word == "TABLE") => {
                let body = statement.split_once('(').map_or("", |(_, body)| body);
                top_level(body).iter().map(|part| name_and_type(part)).collect()
            }
            Some("ALTER") => statement.split("ADD COLUMN").skip(1).map(name_and_type).collect(),
            _ => Vec::new(),
        };
        for (name, kind) in columns {
            if !matches!(name.as_str(), "PRIMARY" | "UNIQUE" | "CHECK" | "FOREIGN" | "CONSTRAINT")
                && !matches!(kind.as_str(), "TEXT" | "BIGINT")
            {
                found.push(format!("{name} is {kind}, not TEXT or BIGINT"));
            }
        }
    }
    found
}

/// The parts between the commas that are in no inner parentheses.
fn top_level(body: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, sign) in body.char_indices() {
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&body[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        if depth < 0 {
            parts.push(&body[start..at]);
            return parts;
        }
    }
    parts
}

fn name_and_type(part: &str) -> (String, String) {
    let words = words(part);
    (words.first().cloned().unwrap_or_default(), words.get(1).cloned().unwrap_or_default())
}

fn literals_under(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in folders {
        for path in files(&root().join(folder), ".rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            found.extend(sql_literals(&source).into_iter().map(|sql| (path.clone(), sql)));
        }
    }
    found
}

const PROGRAMS: &[(&str, &[&str])] =
    &[("tenant", &["tenant-runtime/src", "crates/audit/src"]), ("control", &["control-plane/src", "crates/audit/src"])];

#[test]
fn migrations_keep_the_rules() {
    let paths = files(&root().join("migrations"), ".sql");
    assert!(!paths.is_empty());
    let mut found = Vec::new();
    for path in paths {
        let sql = std::fs::read_to_string(&path).unwrap();
        let mut problems = problems(&sql);
        problems.extend(column_problems(&sql));
        let words: BTreeSet<String> = words(&bare(&sql)).into_iter().collect();
        problems.extend(
            FORBIDDEN_IN_MIGRATIONS.iter().filter(|word| words.contains(**word)).map(|word| format!("{word} removes")),
        );
        found.extend(problems.into_iter().map(|problem| format!("{}: {problem}", path.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn sql_literals_keep_the_rules() {
    let mut found = Vec::new();
    for (_, folders) in PROGRAMS {
        for (path, sql) in literals_under(folders) {
            found.extend(problems(&sql).into_iter().map(|problem| format!("{}: {problem}: {sql}", path.display())));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Both databases must accept every migration, and after them every statement of the program.
#[tokio::test(flavor = "multi_thread")]
async fn both_databases_understand_every_migration_and_statement() {
    let mut found = Vec::new();
    for (program, folders) in PROGRAMS {
        let migrations: Vec<Migration> = (1..)
            .zip(files(&root().join("migrations").join(program), ".sql"))
            .map(|(version, path)| Migration { version, name: "", sql: std::fs::read_to_string(path).unwrap().leak() })
            .collect();
        if migrations.is_empty() {
            continue;
        }
        let statements = literals_under(folders);
        for database in testing::databases().await {
            if let Err(error) = database.db.migrate(&migrations, Timestamp::from_seconds(1)).await {
                found.push(format!("{program} on {}: {error}", database.name));
                continue;
            }
            let refused = match &database.location {
                Location::Sqlite(path) => {
                    let address = format!("sqlite:{}", path.display());
                    prepare_all(SqliteConnection::connect(&address).await.unwrap(), &statements).await
                }
                Location::Postgres(address) => {
                    prepare_all(PgConnection::connect(address.expose()).await.unwrap(), &statements).await
                }
            };
            found.extend(refused.into_iter().map(|problem| format!("on {}: {problem}", database.name)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A text with braces, or one that ends before its end, is completed at run time.
fn is_whole(sql: &str) -> bool {
    !sql.contains('{') && !sql.ends_with([' ', '(', ','])
}

/// Renumbered from `$1`: statements of one batch share their numbers.
fn without_gaps(sql: &str) -> String {
    let number = |part: &str| part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().to_owned();
    let numbers: BTreeSet<usize> = sql.split('$').skip(1).filter_map(|part| number(part).parse().ok()).collect();
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let old = number(part);
        let new = old.parse().map_or(0, |old: usize| numbers.range(..=old).count());
        text.push_str(&format!("${new}{}", &part[old.len()..]));
    }
    text
}

async fn prepare_all<C>(mut connection: C, statements: &[(PathBuf, String)]) -> Vec<String>
where
    for<'c> &'c mut C: Executor<'c>,
{
    let mut refused = Vec::new();
    for (path, sql) in statements.iter().filter(|(_, sql)| is_whole(sql)) {
        let text = sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(without_gaps(sql)));
        if let Err(error) = connection.prepare(text).await {
            refused.push(format!("{}: {error}: {sql}", path.display()));
        }
    }
    refused
}

#[test]
fn the_rules_find_what_they_forbid() {
    for wrong in [
        "SELECT id FROM a WHERE b LIKE $1",
        "SELECT id FROM a LIMIT 5 OFFSET 10",
        "SELECT id FROM a WHERE b = ?",
        "INSERT INTO a (id) VALUES (now())",
        "SELECT b::text FROM a",
        "SELECT SUM(n) AS n FROM a",
        "INSERT OR REPLACE INTO a (id) VALUES ($1)",
    ] {
        assert!(!problems(wrong).is_empty(), "{wrong}");
    }
    assert!(problems("SELECT CAST(SUM(n) AS BIGINT) AS n FROM a WHERE b = 'LIKE ? now()' -- OFFSET").is_empty());
    assert_eq!(
        column_problems("CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT CHECK (b IN ('x', 'y')), c BIGINT, d BOOLEAN)")
            .len(),
        2
    );
    assert_eq!(column_problems("ALTER TABLE a ADD COLUMN n SMALLINT").len(), 1);
}
