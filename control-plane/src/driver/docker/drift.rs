//! Whether a container that is there is the one that is wanted.
//!
//! Docker says what a container was made with and what was changed since (`docker update`, `docker
//! rename`, `docker network connect`). Everything we ask for must still be so; what we do not name is
//! Docker's to fill in.

use bollard::models::{ContainerCreateBody, ContainerInspectResponse};
use serde_json::Value;

/// What is different about a container, for the log; nothing where it is the wanted one. What was asked
/// of Docker is named by its field.
pub fn of(wanted: &ContainerCreateBody, name: &str, found: &ContainerInspectResponse) -> Vec<String> {
    let networks = found.network_settings.as_ref().and_then(|network| network.networks.as_ref());
    let state = found.state.as_ref();
    let facts = [
        ("its name", found.name.as_deref().map(|found| found.trim_start_matches('/')) != Some(name)),
        ("its image", found.image != wanted.image),
        ("its network", networks.is_some_and(|networks| networks.keys().any(|name| name != "none"))),
        ("its state", state.is_some_and(|state| state.paused == Some(true) || state.dead == Some(true))),
    ];
    let mut different: Vec<String> =
        facts.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what.to_owned()).collect();
    let value = |value: Result<Value, serde_json::Error>| value.unwrap_or_default();
    let mut asked = value(serde_json::to_value(wanted));
    let host = asked.as_object_mut().and_then(|asked| asked.remove("HostConfig")).unwrap_or_default();
    if let Some(asked) = asked.as_object_mut() {
        // Compared above: here Docker gives back the name it was asked by.
        asked.remove("Image");
    }
    let config = found.config.as_ref().map(serde_json::to_value).map(value).unwrap_or_default();
    let host_found = found.host_config.as_ref().map(serde_json::to_value).map(value).unwrap_or_default();
    for (asked, found) in [(&asked, &config), (&host, &host_found)] {
        let fields = asked.as_object().into_iter().flatten();
        let lost = fields.filter(|(field, asked)| !holds(asked, &found[field.as_str()]));
        different.extend(lost.map(|(field, _)| field.clone()));
    }
    different
}

/// Whether everything `asked` is in `found`.
fn holds(asked: &Value, found: &Value) -> bool {
    match (asked, found) {
        (Value::Object(asked), Value::Object(found)) => {
            asked.iter().all(|(field, asked)| holds(asked, found.get(field).unwrap_or(&Value::Null)))
        }
        (Value::Array(asked), Value::Array(found)) => {
            asked.len() == found.len() && asked.iter().zip(found).all(|(asked, found)| holds(asked, found))
        }
        // Docker leaves out what is off.
        (Value::Bool(false), Value::Null) => true,
        (asked, found) => asked == found,
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
        assert_eq!(of(&wanted, NAME, &found), [] as [&str; 0]);
        let host = found.host_config.as_mut().unwrap();
        (host.auto_remove, host.privileged, host.shm_size) = (None, None, Some(67_108_864));
        assert_eq!(of(&wanted, NAME, &found), [] as [&str; 0], "what Docker fills in or leaves out is no change");
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
            assert_eq!(of(&wanted, NAME, &found), [said]);
        }
    }
}
