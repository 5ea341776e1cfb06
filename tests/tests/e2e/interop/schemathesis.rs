//! Schemathesis: requests made from the OpenAPI document, right ones and wrong ones, whose answers are held to it. The
//! same ones each time, and one after the other: a test says the same of the same program.

use std::path::Path;
use std::process::Command;

use super::*;

/// What changes the tenant so that it answers nothing else any more: tried last, and shortly.
const ENDING: &str = "/(suspend|sleep|terminate|destroy|undo|restart|wake|resume)$";
/// What may start the tenant anew: whoever asks it meanwhile is told to come back, so it is tried by itself.
const DISTURBING: &str = "/(seal-key|assertion-key|database)/rotate$";
/// What never ends.
const ENDLESS: &str = "/events$";

#[tokio::test]
async fn k17_no_request_breaks_the_public_api_or_what_its_document_says() -> Result<()> {
    let library = Library::Schemathesis;
    if !library.is_here("k17_no_request_breaks_the_public_api_or_what_its_document_says") {
        return Ok(());
    }
    let polder = Polder::start()?;
    let api = polder.api();
    // The one that the examples of the document name.
    api.create_tenant("acme").await?;
    let folder = tempfile::tempdir()?;
    let document = folder.path().join("openapi.json");
    std::fs::write(&document, free_of_what_it_cannot_make(api.get("/openapi.json").await?).to_string())?;

    let others = format!("({ENDING})|({DISTURBING})|({ENDLESS})");
    run(&polder, &document, &["--exclude-path-regex", &others, "--max-examples", "5"])?;
    run(&polder, &document, &["--include-path-regex", DISTURBING, "--max-examples", "2"])?;
    run(&polder, &document, &["--include-path-regex", ENDING, "--max-examples", "2"])?;
    // After all of it the tenant is there to be asked.
    let (status, _) = api.call(reqwest::Method::GET, "/tenants/acme", None).await?;
    ensure!(status == 200, "{status}");
    Ok(())
}

/// A state that a machine makes up is never the present one: with such headers nothing would be tried. And it knows
/// no lines of JSON.
fn free_of_what_it_cannot_make(mut document: Value) -> Value {
    let items = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in items.filter_map(Value::as_object_mut).flat_map(|item| item.values_mut()) {
        if let Some(bodies) = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut) {
            bodies.remove("application/x-ndjson");
        }
        if let Some(parameters) = operation.pointer_mut("/parameters").and_then(Value::as_array_mut) {
            parameters.retain(|one| one["name"] != "If-Match" && one["name"] != "If-None-Match");
        }
    }
    document
}

fn run(polder: &Polder, document: &Path, options: &[&str]) -> Result<()> {
    let address: url::Url = polder.address("api").parse()?;
    let host = format!("{}:{}", address.host_str().context("a host")?, address.port().context("a port")?);
    let key = polder.settings["api_key"].as_str().context("a key")?.to_owned();
    // Our own rules where they are stricter than the document can say are no faults; nor is the limit for strangers, who
    // hear 429 once they came without a key too often.
    let checks = "positive_data_acceptance,missing_required_header,ignored_auth";
    let ran = Command::new(Library::schemathesis())
        .args(["--no-color", "run"])
        .arg(document)
        .arg("--url")
        .arg(address.as_str().replace(&host, &format!("127.0.0.1:{}", address.port().context("a port")?)))
        .args(["-H", &format!("Host: {host}"), "-H", &format!("Authorization: Bearer {key}")])
        .args(["--phases", "examples,coverage", "--exclude-checks", checks, "--continue-on-failure"])
        .args(["--workers", "1", "--warnings", "off", "--generation-deterministic", "--request-timeout", "30"])
        .args(options)
        .current_dir(document.parent().context("a folder")?)
        .output()?;
    let said = String::from_utf8_lossy(&ran.stdout);
    ensure!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    ensure!(said.contains("No issues found") || said.contains("passed"), "{said}");
    Ok(())
}
