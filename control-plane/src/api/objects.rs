//! Objects that have to come as objects. serde reads a struct from a list of its fields' values as well, which no
//! document promises: `[null, null]` would pass for an object whose members were left out.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// Reads a value in which no list stands for an object.
///
/// # Errors
/// serde's own, where the value is not of the type, or where a list does.
pub fn check<T: DeserializeOwned>(value: Value) -> Result<T, serde_path_to_error::Error<Error>> {
    serde_path_to_error::deserialize(Objects(value))
}

struct Objects(Value);

impl<'de> IntoDeserializer<'de, Error> for Objects {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Objects {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Self))),
            Value::Object(members) => {
                let members = members.into_iter().map(|(name, value)| (name, Self(value)));
                visitor.visit_map(MapDeserializer::new(members))
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.0.is_array() {
            return Err(Error::invalid_type(Unexpected::Seq, &"an object"));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use polder_tenant_api::connections::NewConnection;
    use polder_tenant_api::{BrandingChoices, NewApplication};
    use serde_json::json;

    use super::*;

    #[test]
    fn g21_a_list_is_no_object_at_any_depth() {
        assert!(check::<BrandingChoices>(json!([null, null])).is_err());
        assert!(check::<BrandingChoices>(json!({"primary_color": "#1d4ed8"})).is_ok());
        let connection = |configuration: Value| {
            let new = json!({"provider": "github", "client_id": "x", "client_secret": "y",
                "configuration": configuration});
            check::<NewConnection>(new).map(drop).map_err(|error| error.path().to_string())
        };
        assert_eq!(connection(json!({"hosts": ["id.example.org"]})), Ok(()));
        assert_eq!(connection(json!([null])), Err("configuration".to_owned()));
        let whole = json!({"name": "Shop", "type": "web", "redirect_uris": ["https://shop.test/cb"],
            "access": {"who": "role", "role": "coach"}, "preferences": {"access_token_seconds": 60}});
        let read = check::<NewApplication>(whole.clone()).unwrap();
        let direct: NewApplication = serde_json::from_value(whole).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), serde_json::to_value(direct).unwrap());
    }
}
