//! The console, against a stub in the tenants' place.

mod audit;
mod branding;
mod connections;
mod forms;
mod home;
mod invitations;
mod keys;
mod members;
mod people;
mod roles;
mod sections;
mod sessions;
mod shown;
mod sign_up;
mod staff_access;
mod tables;
mod try_out;

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use http::header::{CONTENT_TYPE, COOKIE};
use http::{Method, StatusCode};
use serde_json::json;

use crate::model::{Permission, Role};
use crate::provision::desired::CONSOLE_CALLBACK;
use crate::store::console_sessions;
use crate::testing::{Answer, KNOWN, UNKNOWN, World};

/// One route of the console, as the router's own page says it.
#[derive(Debug)]
struct Page {
    path: String,
    method: Method,
    /// `None` for what is open to everyone.
    permission: Option<Permission>,
}

/// Everything in the router, read from its source: a page that is added is a page that is tested.
fn pages() -> Vec<Page> {
    let source = include_str!("../router.rs");
    let mut all = Vec::new();
    for route in source.split(".route(").skip(1) {
        let (path, rest) = route.trim_start().split_once(',').unwrap();
        let path = match path.trim() {
            "CONSOLE_CALLBACK" => CONSOLE_CALLBACK.to_owned(),
            quoted => quoted.trim_matches('"').to_owned(),
        };
        let rest = rest.split("\n        .route").next().unwrap();
        for (method, word) in [(Method::GET, "get("), (Method::POST, "post(")] {
            let Some(at) = rest.find(word) else { continue };
            let before = &rest[..at];
            let permission = before.rfind("may(").map(|may| before[may + 4..].split(',').next().unwrap().trim());
            all.push(Page { path: path.clone(), method, permission: permission.map(named) });
        }
    }
    assert!(all.len() >= 28, "{all:?}");
    all
}

fn named(name: &str) -> Permission {
    Permission::ALL.into_iter().find(|permission| format!("{permission:?}") == name).unwrap_or_else(|| panic!("{name}"))
}

fn guarded() -> impl Iterator<Item = (Page, Permission)> {
    pages().into_iter().filter_map(|page| page.permission.map(|permission| (page, permission)))
}

fn at(path: &str, slug: &str, id: &str) -> String {
    path.replace("{slug}", slug).replace("{id}", id).replace("{name}", WORD)
}

/// What names an API, a field or a list that the stub knows.
const WORD: &str = "orders";

async fn visit(world: &World, (cookie, csrf): &(String, String), method: &Method, path: &str) -> Answer {
    match *method {
        Method::GET => world.get(cookie, path).await,
        _ => {
            let form = "name=Shop&slug=newone&email=ann@example.test&host=api.example.org&provider=github&client_id=x\
                        &client_secret=y&hosts=api.example.org&role=developer&scope-tenants=read&expiry=90&word=fresh\
                        &identifier=https%3A%2F%2Fapi.example.org&list=drop&content=192.0.2.0%2F24";
            world.post((cookie, csrf), path, form).await
        }
    }
}
