//! What attackers send instead of a token, against the real verifier (RFC 8725; B26, B80).

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::sync::LazyLock;

use polder_crypto::{Algorithm, Header, Jwks, JwtError, SigningKey, Verifier};
use polder_kernel::Entropy;
use polder_kernel::encoding::{base64url, from_base64url};
use serde_json::{Value, json};

const TYP: &str = "at+jwt";

/// One key of each algorithm: RSA keys are slow to make.
static KEYS: LazyLock<[SigningKey; 3]> =
    LazyLock::new(|| Algorithm::ALL.map(|algorithm| SigningKey::generate(algorithm, &Entropy::System).unwrap().0));

fn key(algorithm: Algorithm) -> &'static SigningKey {
    KEYS.iter().find(|key| key.algorithm() == algorithm).unwrap()
}

fn verifier() -> Verifier {
    Verifier::new(&jwks())
}

fn jwks() -> Jwks {
    Jwks { keys: KEYS.iter().map(|key| key.public_jwk().clone()).collect() }
}

fn refused(token: &str) -> JwtError {
    verifier().verify(token, &[TYP], &Algorithm::ALL).expect_err("a forged token was accepted")
}

fn claims() -> Value {
    json!({ "iss": "https://practice.example.test", "sub": "anna", "exp": 1_795_248_000 })
}

/// A token of these header and payload bytes, honestly signed: what a tricked signer would give.
fn honestly_signed(header: &str, payload: &str) -> String {
    let (_, pkcs8) = &*HONEST;
    let pair = ring::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8.expose()).unwrap();
    let message = format!("{}.{}", base64url(header.as_bytes()), base64url(payload.as_bytes()));
    let signature = base64url(pair.sign(message.as_bytes()).as_ref());
    format!("{message}.{signature}")
}

static HONEST: LazyLock<(SigningKey, polder_kernel::Secret<Vec<u8>>)> =
    LazyLock::new(|| SigningKey::generate(Algorithm::EdDsa, &Entropy::seeded(1)).unwrap());

fn verify_honest(header: &str, payload: &str) -> Result<Value, JwtError> {
    let verifier = Verifier::new(&Jwks { keys: vec![HONEST.0.public_jwk().clone()] });
    verifier.verify(&honestly_signed(header, payload), &[TYP], &[Algorithm::EdDsa]).map(|verified| verified.claims)
}

fn honest_header() -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"at+jwt"}}"#, HONEST.0.kid())
}

#[test]
fn a05_each_algorithm_signs_what_the_published_keys_verify() {
    for key in KEYS.iter() {
        let token = key.sign_jwt(TYP, &claims()).unwrap();
        let verified = verifier().verify(&token, &[TYP], &Algorithm::ALL).unwrap();
        assert_eq!(verified.claims, claims());
        let expected = Header { alg: key.algorithm(), kid: key.kid().to_owned(), typ: TYP.to_owned() };
        assert_eq!(verified.header, expected);
        assert_eq!(verified.claims::<std::collections::BTreeMap<String, Value>>().unwrap()["sub"], "anna");
        assert_eq!(verified.claims::<Vec<u8>>().unwrap_err(), JwtError::Claims);
    }
}

#[test]
fn a05_the_published_keys_hold_nothing_private() {
    let published = serde_json::to_value(jwks()).unwrap();
    let keys = published["keys"].as_array().unwrap();
    for key in keys {
        let members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(
            members.iter().all(|m| ["kty", "use", "alg", "kid", "crv", "x", "y", "n", "e"].contains(m)),
            "{members:?}"
        );
        assert_eq!(key["use"], "sig");
        assert_eq!(key["kid"].as_str().unwrap().len(), 43);
        for part in ["x", "y", "n", "e"].iter().filter_map(|part| key.get(part)) {
            assert!(from_base64url(part.as_str().unwrap()).is_some());
        }
    }
    let kids: std::collections::HashSet<_> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(kids.len(), 3);
    let rsa = keys.iter().find(|key| key["kty"] == "RSA").unwrap();
    assert_eq!(from_base64url(rsa["n"].as_str().unwrap()).unwrap().len(), 384);
    assert_eq!(serde_json::from_value::<Jwks>(published.clone()).unwrap(), jwks());
}

#[test]
fn a06_after_a_rotation_old_tokens_verify_until_the_old_key_is_gone() {
    let (old, _) = SigningKey::generate(Algorithm::Es256, &Entropy::System).unwrap();
    let (new, _) = SigningKey::generate(Algorithm::Es256, &Entropy::System).unwrap();
    assert_ne!(old.kid(), new.kid());
    let token = old.sign_jwt(TYP, &claims()).unwrap();
    let both = Verifier::new(&Jwks { keys: vec![new.public_jwk().clone(), old.public_jwk().clone()] });
    assert!(both.verify(&token, &[TYP], &Algorithm::ALL).is_ok());
    let only_new = Verifier::new(&Jwks { keys: vec![new.public_jwk().clone()] });
    assert_eq!(only_new.verify(&token, &[TYP], &Algorithm::ALL).unwrap_err(), JwtError::UnknownKey);
}

#[test]
fn g17_a_stored_key_comes_back_the_same_and_never_prints() {
    for algorithm in Algorithm::ALL {
        let (key, pkcs8) = SigningKey::generate(algorithm, &Entropy::System).unwrap();
        let again = SigningKey::from_pkcs8(algorithm, pkcs8.expose()).unwrap();
        assert_eq!(again.public_jwk(), key.public_jwk());
        assert_eq!(format!("{key:?}"), format!("SigningKey({algorithm} {})", key.kid()));
        assert_eq!(format!("{pkcs8:?}"), "Secret(…)");
        for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            assert!(SigningKey::from_pkcs8(other, pkcs8.expose()).is_err(), "{algorithm} read as {other}");
        }
        for length in [0, 1, pkcs8.expose().len() - 1] {
            assert!(SigningKey::from_pkcs8(algorithm, &pkcs8.expose()[..length]).is_err());
        }
    }
}

#[test]
fn b80_alg_none_in_every_spelling_is_refused() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({ "alg": alg, "kid": key(Algorithm::Es256).kid(), "typ": TYP }).to_string();
        let message = format!("{}.{}", base64url(header.as_bytes()), base64url(claims().to_string().as_bytes()));
        assert_eq!(refused(&format!("{message}.")), JwtError::Algorithm);
        assert_eq!(refused(&format!("{message}.AAAA")), JwtError::Algorithm);
    }
    let header = json!({ "kid": key(Algorithm::Es256).kid(), "typ": TYP }).to_string();
    assert_eq!(refused(&format!("{}.e30.", base64url(header.as_bytes()))), JwtError::Algorithm);
}

#[test]
fn b80_a_public_key_used_as_an_hmac_secret_is_refused() {
    for signer in KEYS.iter() {
        let jwk = serde_json::to_value(signer.public_jwk()).unwrap();
        let part = jwk.get("n").or(jwk.get("x")).unwrap().as_str().unwrap();
        for secret in [from_base64url(part).unwrap(), part.as_bytes().to_vec(), jwk.to_string().into_bytes()] {
            let header = json!({ "alg": "HS256", "kid": signer.kid(), "typ": TYP }).to_string();
            let message = format!("{}.{}", base64url(header.as_bytes()), base64url(claims().to_string().as_bytes()));
            let hmac = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
            let tag = base64url(ring::hmac::sign(&hmac, message.as_bytes()).as_ref());
            assert_eq!(refused(&format!("{message}.{tag}")), JwtError::Algorithm);
        }
    }
}

#[test]
fn b80_the_algorithm_is_the_keys_own_and_an_allowed_one() {
    for signer in KEYS.iter() {
        let token = signer.sign_jwt(TYP, &claims()).unwrap();
        let (_, rest) = token.split_once('.').unwrap();
        for other in Algorithm::ALL.into_iter().filter(|other| *other != signer.algorithm()) {
            // Another algorithm named for this key, and this key's algorithm where only the other is allowed.
            let header = json!({ "alg": other, "kid": signer.kid(), "typ": TYP }).to_string();
            assert_eq!(refused(&format!("{}.{rest}", base64url(header.as_bytes()))), JwtError::Algorithm);
            assert_eq!(verifier().verify(&token, &[TYP], &[other]).unwrap_err(), JwtError::Algorithm);
        }
        assert_eq!(verifier().verify(&token, &[TYP], &[]).unwrap_err(), JwtError::Algorithm);
    }
    // A key published under the wrong algorithm verifies nothing at all.
    let mut mislabelled = key(Algorithm::Es256).public_jwk().clone();
    mislabelled.alg = Algorithm::Rs256;
    let token = key(Algorithm::Es256).sign_jwt(TYP, &claims()).unwrap();
    let verifier = Verifier::new(&Jwks { keys: vec![mislabelled] });
    assert_eq!(verifier.verify(&token, &[TYP], &Algorithm::ALL).unwrap_err(), JwtError::UnknownKey);
}

#[test]
fn b80_a_kid_is_only_looked_up() {
    let (other, _) = SigningKey::generate(Algorithm::Es256, &Entropy::System).unwrap();
    let token = key(Algorithm::Es256).sign_jwt(TYP, &claims()).unwrap();
    let both =
        Verifier::new(&Jwks { keys: vec![key(Algorithm::Es256).public_jwk().clone(), other.public_jwk().clone()] });
    let (_, rest) = token.split_once('.').unwrap();
    // Swapped for another known key's.
    let header = json!({ "alg": "ES256", "kid": other.kid(), "typ": TYP }).to_string();
    let swapped = format!("{}.{rest}", base64url(header.as_bytes()));
    assert_eq!(both.verify(&swapped, &[TYP], &Algorithm::ALL).unwrap_err(), JwtError::Signature);
    for kid in ["", "../../dev/null", "' OR '1'='1", "/etc/passwd", "\0", &key(Algorithm::Es256).kid().to_uppercase()] {
        let header = json!({ "alg": "ES256", "kid": kid, "typ": TYP }).to_string();
        assert_eq!(refused(&format!("{}.{rest}", base64url(header.as_bytes()))), JwtError::UnknownKey, "{kid}");
    }
    for header in [json!({ "alg": "ES256", "typ": TYP }), json!({ "alg": "ES256", "typ": TYP, "kid": ["a"] })] {
        let forged = format!("{}.{rest}", base64url(header.to_string().as_bytes()));
        assert_eq!(refused(&forged), JwtError::UnknownKey);
    }
    // A stranger's key, carried along in every way the standard knows.
    let own = serde_json::to_value(other.public_jwk()).unwrap();
    let forged = other.sign_jwt(TYP, &claims()).unwrap();
    assert_eq!(refused(&forged), JwtError::UnknownKey);
    let (_, rest) = forged.split_once('.').unwrap();
    let header = json!({ "alg": "ES256", "kid": key(Algorithm::Es256).kid(), "typ": TYP, "jwk": own,
        "jku": "http://127.0.0.1/jwks", "x5u": "http://127.0.0.1/x5u", "x5c": ["AAAA"] });
    assert_eq!(refused(&format!("{}.{rest}", base64url(header.to_string().as_bytes()))), JwtError::Signature);
}

#[test]
fn b80_a_token_of_another_kind_is_refused() {
    let signer = key(Algorithm::Es256);
    for typ in ["JWT", "logout+jwt", "AT+JWT", "application/at+jwt", "at+jwt ", "", "\"}"] {
        assert_eq!(refused(&signer.sign_jwt(typ, &claims()).unwrap()), JwtError::Type, "{typ}");
    }
    assert!(verifier().verify(&signer.sign_jwt("JWT", &claims()).unwrap(), &[TYP, "JWT"], &Algorithm::ALL).is_ok());
    assert_eq!(verify_honest(&honest_header().replace(r#","typ":"at+jwt""#, ""), "{}").unwrap_err(), JwtError::Type);
}

#[test]
fn b80_critical_headers_are_refused() {
    for crit in [r#"["exp"]"#, r#"["b64"],"b64":false"#, "[]", "null", r#"["alg"]"#] {
        let header = honest_header().replacen('{', &format!(r#"{{"crit":{crit},"#), 1);
        assert_eq!(verify_honest(&header, "{}").unwrap_err(), JwtError::Critical, "{crit}");
    }
}

#[test]
fn b80_repeated_json_keys_are_refused_even_when_honestly_signed() {
    assert!(verify_honest(&honest_header(), r#"{"sub":"a"}"#).is_ok());
    for payload in [r#"{"sub":"a","sub":"b"}"#, r#"{"sub":"a","\u0073ub":"b"}"#, r#"{"a":{"b":1,"b":2}}"#] {
        assert_eq!(verify_honest(&honest_header(), payload).unwrap_err(), JwtError::Malformed, "{payload}");
    }
    let header = honest_header().replacen('{', r#"{"alg":"none","#, 1);
    assert_eq!(verify_honest(&header, "{}").unwrap_err(), JwtError::Malformed);
    for payload in ["", "[]", "null", "\"x\"", "{}{}", "{} {", "{\"a\":1"] {
        assert_eq!(verify_honest(&honest_header(), payload).unwrap_err(), JwtError::Malformed, "{payload}");
    }
    for header in ["", "[]", "null", "{"] {
        assert_eq!(verify_honest(header, "{}").unwrap_err(), JwtError::Malformed, "{header}");
    }
}

#[test]
fn b26_a_token_changed_at_any_position_is_refused() {
    for signer in KEYS.iter() {
        let token = signer.sign_jwt(TYP, &claims()).unwrap();
        let verifier = verifier();
        let accepted = |forged: &str| verifier.verify(forged, &[TYP], &Algorithm::ALL).is_ok();
        assert!(accepted(&token));
        for at in 0..token.len() {
            assert!(!accepted(&token[..at]), "cut to {at}");
            let (before, character, after) = (&token[..at], &token[at..=at], &token[at + 1..]);
            let flipped =
                if character.to_uppercase() == character { character.to_lowercase() } else { character.to_uppercase() };
            for replacement in [flipped.as_str(), "A", "_", ".", "=", "", "+", " ", "\n", "\0", "é"] {
                if replacement != character {
                    assert!(!accepted(&[before, replacement, after].concat()), "{replacement:?} at {at}");
                }
            }
            for extra in ["A", "=", ".", "\n"] {
                assert!(!accepted(&[before, extra, character, after].concat()), "{extra:?} before {at}");
            }
        }
        for extension in ["A", "=", "==", ".", " ", "\n", ".e30", "AAAA"] {
            assert!(!accepted(&format!("{token}{extension}")), "{extension:?} at the end");
        }
    }
}

#[test]
fn b80_padding_and_trailing_bits_are_refused_in_every_segment() {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for signer in KEYS.iter() {
        let token = signer.sign_jwt(TYP, &claims()).unwrap();
        let segments: Vec<&str> = token.split('.').collect();
        for place in 0..3 {
            let with = |segment: String| {
                let mut forged: Vec<String> = segments.iter().map(|s| (*s).to_owned()).collect();
                forged[place] = segment;
                forged.join(".")
            };
            for padding in ["=", "==", "===", "\n", "%3D"] {
                refused(&with(format!("{}{padding}", segments[place])));
            }
            // The same bytes spelled with stray low bits in the last character.
            let (last, rest) = segments[place].as_bytes().split_last().unwrap();
            let value = ALPHABET.iter().position(|c| c == last).unwrap();
            let spare_bits = [0, 0, 4, 2][segments[place].len() % 4];
            for stray in 1..(1_usize << spare_bits) {
                let respelled = [rest, &[ALPHABET[value | stray]]].concat();
                refused(&with(String::from_utf8(respelled).unwrap()));
            }
        }
        let other_alphabet = token.replace('-', "+").replace('_', "/");
        assert!(other_alphabet == token || !refused(&other_alphabet).to_string().is_empty());
    }
}

#[test]
fn b80_unreasonable_input_is_refused_unread() {
    for wrong in ["", ".", "..", "...", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e", "é.é.é"] {
        assert_eq!(refused(wrong), JwtError::Malformed, "{wrong}");
    }
    let signer = key(Algorithm::Es256);
    let long = signer.sign_jwt(TYP, &json!({ "a": "x".repeat(polder_crypto::jwt::MAX_TOKEN) })).unwrap();
    assert_eq!(refused(&long), JwtError::Malformed);
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(4000), "]".repeat(4000));
    assert_eq!(verify_honest(&honest_header(), &deep).unwrap_err(), JwtError::Malformed);
}

#[test]
fn b80_claims_that_are_not_json_are_not_signed() {
    use std::collections::HashMap;
    let signer = key(Algorithm::EdDsa);
    let map_with_odd_keys: HashMap<Vec<u8>, u8> = HashMap::from([(vec![1], 1)]);
    assert_eq!(signer.sign_jwt(TYP, &map_with_odd_keys).unwrap_err(), polder_crypto::KeyError::Claims);
}
