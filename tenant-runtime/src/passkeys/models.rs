//! What an AAGUID says a passkey lives in. The few that most people have; for all others the browser
//! gives a passkey its first name. The text is the maker's own and never translated.

/// The name of a model.
pub fn name(aaguid: &str) -> Option<&'static str> {
    MODELS.iter().find(|(known, _)| *known == aaguid).map(|(_, name)| *name)
}

/// An AAGUID in the usual spelling.
pub fn spelling(aaguid: [u8; 16]) -> String {
    let hex: String = aaguid.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

const MODELS: &[(&str, &str)] = &[
    ("fbfc3007-154e-4ecc-8c0b-6e020557d7bd", "Apple Passwords"),
    ("dd4ec289-e01d-41c9-bb89-70fa845d4bf2", "Apple Passwords (managed)"),
    ("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4", "Google Password Manager"),
    ("adce0002-35bc-c60a-648b-0b25f1f05503", "Chrome on Mac"),
    ("08987058-cadc-4b81-b6e1-30de50dcbe96", "Windows Hello"),
    ("9ddd1817-af5a-4672-a2b9-3e3dd95000a9", "Windows Hello"),
    ("6028b017-b1d4-4c02-b4b3-afcdafc96bb2", "Windows Hello"),
    ("53414d53-554e-4700-0000-000000000000", "Samsung Pass"),
    ("bada5566-a7aa-401f-bd96-45619a55120d", "1Password"),
    ("d548826e-79b4-db40-a3d8-11116f7e8349", "Bitwarden"),
    ("531126d6-e717-415c-9320-3d9aa6981239", "Dashlane"),
    ("50726f74-6f6e-5061-7373-50726f746f6e", "Proton Pass"),
    ("0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6", "Keeper"),
    ("fdb141b2-5d84-443e-8a35-4698c205a502", "KeePassXC"),
    ("b84e4048-15dc-4dd0-8640-f4f60813c8af", "NordPass"),
    ("f3809540-7f14-49c1-a8b3-8f813b225541", "Enpass"),
    ("ee882879-721c-4913-9775-3dfcce97072a", "YubiKey 5"),
    ("fa2b99dc-9e39-4257-8f92-4a30d23c4118", "YubiKey 5 NFC"),
    ("2fc0579f-8113-47ea-b116-bb5a8db9202a", "YubiKey 5 NFC"),
    ("cb69481e-8ff7-4039-93ec-0a2729a154a8", "YubiKey 5"),
    ("a4e9fc6d-4cbe-4758-b8ba-37598bb5bbaa", "Security Key NFC"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_spelt_as_we_look_it_up() {
        for (aaguid, name) in MODELS {
            let hex: String = aaguid.split('-').collect();
            let bytes: Vec<u8> = (0..16).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
            assert_eq!(spelling(bytes.try_into().unwrap()), *aaguid);
            assert!(!name.is_empty());
        }
        assert_eq!(name(&spelling([0; 16])), None);
    }
}
