//! In which order lists are given: the field that decides, and a `-` before it for the other way round.

/// Orders of a list, each with its word on the wire; the first is the usual one.
#[macro_export]
macro_rules! orders {
    ($(#[$about:meta])* $name:ident { $(#[$first_about:meta])* $first:ident = $first_word:tt,
      $($(#[$each_about:meta])* $each:ident = $word:tt,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name {
            $(#[$first_about])*
            #[default]
            #[serde(rename = $first_word)]
            $first,
            $($(#[$each_about])* #[serde(rename = $word)] $each,)*
        }

        impl $name {
            /// Every order, the usual one first.
            pub const ALL: &'static [Self] = &[Self::$first, $(Self::$each,)*];

            /// As on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::$first => $first_word,
                    $(Self::$each => $word,)*
                }
            }

            /// The order with this word; the usual one where there is none such, as pages have it.
            pub fn named(word: &str) -> Self {
                Self::ALL.iter().copied().find(|order| order.as_str() == word).unwrap_or_default()
            }

            /// The word of an order that is not the usual one.
            pub fn asked(self) -> Option<&'static str> {
                (self != Self::default()).then_some(self.as_str())
            }
        }
    };
}

orders!(
    /// The order of what is listed by when it came.
    ByCreation {
        /// Newest first.
        Newest = "-created_at",
        /// Oldest first.
        Oldest = "created_at",
    }
);

orders!(
    /// The order of a log.
    ByTime {
        /// Newest first.
        Newest = "-at",
        /// Oldest first.
        Oldest = "at",
    }
);

orders!(
    /// The order of people.
    UserOrder {
        /// The account made last comes first.
        Newest = "-created_at",
        /// The account made first comes first.
        Oldest = "created_at",
        /// Who signed in last comes first; who never did is not listed.
        LastSignIn = "-last_sign_in_at",
        /// Who signed in longest ago comes first; who never did is not listed.
        LongestAway = "last_sign_in_at",
    }
);

orders!(
    /// The order of applications.
    ApplicationOrder {
        /// The one made last comes first.
        Newest = "-created_at",
        /// The one made first comes first.
        Oldest = "created_at",
        /// By name.
        Name = "name",
        /// By name, from the end.
        NameBackwards = "-name",
    }
);

orders!(
    /// The order of attempts to sign in, alike ones counted together.
    AttemptOrder {
        /// What happened last comes first.
        Newest = "-last_at",
        /// What happened last comes last.
        Oldest = "last_at",
        /// What began last comes first.
        BeganLast = "-first_at",
        /// What began first comes first.
        BeganFirst = "first_at",
        /// What happened most often comes first.
        Most = "-count",
        /// What happened least often comes first.
        Fewest = "count",
    }
);

impl UserOrder {
    /// The order by creation that it is; `None` where it goes by something else.
    pub const fn by_creation(self) -> Option<ByCreation> {
        match self {
            Self::Newest => Some(ByCreation::Newest),
            Self::Oldest => Some(ByCreation::Oldest),
            Self::LastSignIn | Self::LongestAway => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g21_each_order_has_one_word_on_the_wire_and_nothing_else_is_one() {
        for order in UserOrder::ALL {
            let word = serde_json::to_value(order).unwrap();
            assert_eq!(word, order.as_str());
            assert_eq!(serde_json::from_value::<UserOrder>(word).unwrap(), *order);
            assert_eq!(UserOrder::named(order.as_str()), *order);
        }
        for wrong in ["", "newest", "-name", "created_at ", "CREATED_AT"] {
            assert!(serde_json::from_value::<UserOrder>(wrong.into()).is_err(), "{wrong}");
            assert_eq!(UserOrder::named(wrong), UserOrder::Newest, "{wrong}");
        }
        assert_eq!((UserOrder::Newest.asked(), UserOrder::Oldest.asked()), (None, Some("created_at")));
    }
}
