//! A file that says where addresses are reaches tenants behind their walls, and people see it.

use anyhow::{Context, Result, ensure};
use maxminddb_writer::Database;
use maxminddb_writer::metadata::IpVersion;
use maxminddb_writer::paths::IpAddrWithMask;
use polder_tests::{Browser, Polder, RelyingParty, forms};
use serde_json::json;

#[tokio::test]
async fn e10_k7_a_tenant_behind_its_walls_reads_the_country_from_the_operators_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("places.mmdb");
    let mut database = Database::default();
    database.metadata.ip_version = IpVersion::V4;
    database.metadata.binary_format_major_version = 2;
    let here = database.insert_value(json!({ "country": { "iso_code": "NL" } }))?;
    database.insert_node("127.0.0.0/8".parse::<IpAddrWithMask>().ok().context("a network")?, here);
    database.write_to(std::fs::File::create(&file)?)?;

    let mut polder = Polder::start_with(&["--places", file.to_str().context("a path")?])?;
    for place in [true, false] {
        let (mailbox, issuer) = (polder.mailbox(), polder.issuer("practice"));
        let application = polder.api().create_web_application("practice").await?;
        let client = RelyingParty::discover(&issuer, &application).await?;
        let browser = Browser::new();
        browser.sign_in(&client.authorize_url("openid")?, &mailbox, &format!("ann-{place}@example.test")).await?;
        let page = browser.open(&format!("{issuer}/account/sessions").parse()?).await?.page()?;
        let text = forms::text(&page.html, "main").context("a page")?;
        ensure!(text.contains("Approximate place: Netherlands") == place, "{text}");
        // Without the file there is no place, and nobody is kept out.
        polder.stop()?;
        polder.start_again_with(&[])?;
    }
    Ok(())
}
