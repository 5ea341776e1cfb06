//! Whether a container that is there is the one that is wanted.
//!
//! Docker says what a container was made with and what was changed since (`docker update`, `docker
//! rename`, `docker network connect`). Everything we ask for must still be so; what we do not name is
//! Docker's to fill in.

use bollard::models::{ContainerCreateBody, ContainerInspectResponse};
use serde_json::Value;

/// What is different about a container, for the log; nothing where it is the wanted one.
pub fn of(wanted: &ContainerCreateBody, name: &str, found: &ContainerInspectResponse) -> Option<String> {
    if found.name.as_deref().map(|found| found.trim_start_matches('/')) != Some(name) {
        return Some("its name".to_owned());
    }
    if found.image != wanted.image {
        return Some("its image".to_owned());
    }
    let networks = found.network_settings.as_ref().and_then(|network| network.networks.as_ref());
    if networks.is_some_and(|networks| networks.keys().any(|name| name != "none")) {
        return Some("its network".to_owned());
    }
    let state = found.state.as_ref();
    if state.is_some_and(|state| state.paused == Some(true) || state.dead == Some(true)) {
        return Some("its state".to_owned());
    }
    let Ok(mut asked) = serde_json::to_value(wanted) else { return Some("what is wanted".to_owned()) };
    let host = asked.as_object_mut().and_then(|asked| asked.remove("HostConfig")).unwrap_or_default();
    if let Some(asked) = asked.as_object_mut() {
        // Compared above: here Docker gives back the name it was asked by.
        asked.remove("Image");
    }
    let seen = |value: Option<Result<Value, serde_json::Error>>| value.and_then(Result::ok).unwrap_or_default();
    let config = seen(found.config.as_ref().map(serde_json::to_value));
    let host_found = seen(found.host_config.as_ref().map(serde_json::to_value));
    missing(&asked, &config).or_else(|| missing(&host, &host_found))
}

/// The first part of `asked` that is not in `found`.
fn missing(asked: &Value, found: &Value) -> Option<String> {
    match (asked, found) {
        (Value::Object(asked), Value::Object(found)) => asked
            .iter()
            .find_map(|(key, value)| missing(value, found.get(key).unwrap_or(&Value::Null)).map(|_| key.clone())),
        (Value::Array(asked), Value::Array(found)) if asked.len() == found.len() => {
            asked.iter().zip(found).find_map(|(asked, found)| missing(asked, found))
        }
        // Docker leaves out what is off.
        (Value::Bool(false), Value::Null) => None,
        (asked, found) => (asked != found).then(|| "a value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{ContainerState, EndpointSettings, NetworkSettings};

    use super::super::container;
    use super::*;

    const NAME: &str = "polder-i23456789-abcdefghijkl";

    /// What Docker says of a container that nobody touched.
    fn untouched() -> (ContainerCreateBody, ContainerInspectResponse) {
        let wanted = container::tests::example().1;
        let mut config = serde_json::to_value(&wanted).unwrap();
        config["Image"] = "polder-tenant:0.1.0".into();
        config["Env"] = serde_json::json!(["PATH=/usr/bin"]);
        let found = ContainerInspectResponse {
            name: Some(format!("/{NAME}")),
            image: wanted.image.clone(),
            state: Some(ContainerState { running: Some(true), ..ContainerState::default() }),
            config: Some(serde_json::from_value(config).unwrap()),
            host_config: wanted.host_config.clone(),
            network_settings: Some(NetworkSettings {
                networks: Some([("none".to_owned(), EndpointSettings::default())].into()),
                ..NetworkSettings::default()
            }),
            ..ContainerInspectResponse::default()
        };
        (wanted, found)
    }

    #[test]
    fn g23_a_container_that_nobody_touched_is_kept() {
        let (wanted, mut found) = untouched();
        assert_eq!(of(&wanted, NAME, &found), None);
        let host = found.host_config.as_mut().unwrap();
        (host.auto_remove, host.privileged, host.shm_size) = (None, None, Some(67_108_864));
        assert_eq!(of(&wanted, NAME, &found), None, "what Docker fills in or leaves out is no change");
    }

    #[test]
    fn g11_every_change_of_a_container_is_seen() {
        type Change = fn(&mut ContainerInspectResponse);
        let changes: [(&str, Change); 9] = [
            ("its name", |found| found.name = Some("/other".to_owned())),
            ("its image", |found| found.image = Some("sha256:other".to_owned())),
            ("its network", |found| {
                let networks = found.network_settings.as_mut().unwrap().networks.as_mut().unwrap();
                networks.insert("bridge".to_owned(), EndpointSettings::default());
            }),
            ("its state", |found| found.state.as_mut().unwrap().paused = Some(true)),
            ("Memory", |found| found.host_config.as_mut().unwrap().memory = Some(0)),
            ("RestartPolicy", |found| found.host_config.as_mut().unwrap().restart_policy = None),
            ("CapDrop", |found| found.host_config.as_mut().unwrap().cap_drop = None),
            ("Mounts", |found| {
                let mounts = found.host_config.as_mut().unwrap().mounts.as_mut().unwrap();
                mounts.push(mounts[0].clone());
            }),
            ("User", |found| found.config.as_mut().unwrap().user = Some("0:0".to_owned())),
        ];
        for (said, change) in changes {
            let (wanted, mut found) = untouched();
            change(&mut found);
            assert_eq!(of(&wanted, NAME, &found).as_deref(), Some(said));
        }
    }
}
