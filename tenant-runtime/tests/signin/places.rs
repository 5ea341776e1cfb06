//! The country a session is in, from a local file (E10, K7, P6).

use std::net::IpAddr;

use maxminddb_writer::Database;
use maxminddb_writer::paths::IpAddrWithMask;
use polder_tenant_runtime::places::Places;
use serde_json::json;

use crate::account::come_in;
use crate::admin::caller::call;
use crate::browser::Browser;
use crate::tenant::Tenant;

/// A file as suppliers make them: more in it than a country, and codes that are none.
fn file(folder: &std::path::Path) -> std::path::PathBuf {
    let mut database = Database::default();
    database.metadata.ip_version = maxminddb_writer::metadata::IpVersion::V4;
    database.metadata.binary_format_major_version = 2;
    database.metadata.database_type = "Test-City".to_owned();
    for (network, record) in [
        ("192.0.2.0/24", json!({ "country": { "iso_code": "NL" }, "city": { "names": { "en": "Sneek" } } })),
        ("198.51.100.0/24", json!({ "country_code": "BE", "country": "Belgium" })),
        ("203.0.113.0/25", json!({ "country": { "iso_code": "<b>" } })),
    ] {
        let record = database.insert_value(record).unwrap();
        database.insert_node(network.parse::<IpAddrWithMask>().unwrap(), record);
    }
    let path = folder.join("places.mmdb");
    database.write_to(std::fs::File::create(&path).unwrap()).unwrap();
    path
}

#[test]
fn k7_the_country_alone_is_read_and_what_is_none_is_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::open(&file(folder.path())).unwrap();
    let country = |ip: &str| places.country(ip.parse::<IpAddr>().unwrap());
    assert_eq!(country("192.0.2.7").as_deref(), Some("NL"));
    assert_eq!(country("::ffff:192.0.2.7").as_deref(), Some("NL"), "the same address, written otherwise");
    assert_eq!(country("198.51.100.1").as_deref(), Some("BE"));
    for unknown in ["203.0.113.1", "203.0.113.200", "127.0.0.1", "2001:db8::1"] {
        assert_eq!(country(unknown), None, "{unknown}");
    }
    assert_eq!(Places::default().country("192.0.2.7".parse().unwrap()), None);
    std::fs::write(folder.path().join("wrong"), "no database").unwrap();
    for wrong in ["wrong", "missing"] {
        assert!(Places::open(&folder.path().join(wrong)).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn e10_k7_p6_people_see_the_country_of_their_sessions_where_it_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = Tenant::start_with(Places::open(&file(folder.path())).unwrap()).await;
    let (mut here, mut abroad, mut nowhere) =
        (Browser::at("192.0.2.7"), Browser::at("198.51.100.9"), Browser::at("203.0.113.1"));
    for browser in [&mut abroad, &mut nowhere, &mut here] {
        come_in(&tenant, browser, "ann@example.test").await;
    }
    let page = here.get(&tenant, "/account/sessions").await;
    assert_eq!(page.body.matches("Approximate place: ").count(), 2, "{}", page.body);
    assert!(page.body.contains("Approximate place: Netherlands") && page.body.contains("place: Belgium"));
    assert!(!page.body.contains("Sneek"), "nothing finer than a country");
    let dutch = here.get(&tenant, "/account/sessions?lang=nl").await;
    assert!(dutch.body.contains("Plaats bij benadering: België"), "{}", dutch.body);
    let (_, listed) = call(&tenant, "GET", "/sessions", None).await;
    let mut countries: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|one| one["country"].as_str().unwrap_or("-")).collect();
    countries.sort_unstable();
    assert_eq!(countries, ["-", "BE", "NL"]);
    // The person may have it, and in the database it is under seal.
    let mut tx = tenant.app.db.read().await.unwrap();
    let sealed = tx.all("SELECT metadata_sealed FROM session", &[], |row| row.text("metadata_sealed")).await.unwrap();
    assert!(sealed.iter().all(|sealed| !sealed.contains("NL\"") && !sealed.contains("country")));
}
