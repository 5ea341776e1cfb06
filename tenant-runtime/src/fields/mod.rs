//! Fields that the tenant adds to the profile of its people (K9): defined by administrators, filled in by
//! people where they may, shown to applications as claims under a scope.
//!
//! Definitions are in memory; values are sealed, one row each, and go with their field and their person.

pub mod claims;
pub mod define;
pub mod form;
pub mod sign_up;
pub mod value;

use std::sync::{Arc, PoisonError, RwLock};

use polder_db::Db;
use polder_kernel::{Locale, Timestamp};
use polder_tenant_api::{FieldDefinition, FieldEditor};
use tokio::sync::Mutex;

use crate::error::Internal;
use crate::store::profile;

/// A field as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Names it.
    pub name: String,
    /// What it is.
    pub definition: FieldDefinition,
    /// Since when applications see it as they do now: who agreed before did not agree to this.
    pub claim_since: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Field {
    /// Whether its people may change it themselves.
    pub fn is_personal(&self) -> bool {
        self.definition.editable_by == FieldEditor::Person
    }

    /// Whether people are asked for it where they sign up.
    pub fn is_asked(&self) -> bool {
        self.definition.at_sign_up && self.is_personal()
    }

    /// What people read.
    pub fn label(&self, locale: Locale, last: Locale) -> &str {
        let labels = &self.definition.labels;
        labels.get(&locale).or_else(|| labels.get(&last)).map_or(&self.name, String::as_str)
    }
}

/// The tenant's fields, in the order in which people see them.
pub struct Fields {
    current: RwLock<Arc<Vec<Field>>>,
    /// One reads at a time, so that what was read first is never put in last.
    reading: Mutex<()>,
}

impl Fields {
    /// Reads them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(db: &Db) -> Result<Self, Internal> {
        let fields = profile::fields(&mut db.read().await?).await?;
        Ok(Self { current: RwLock::new(Arc::new(fields)), reading: Mutex::default() })
    }

    /// The fields as they are now.
    pub fn current(&self) -> Arc<Vec<Field>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads them again, after one was changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh(&self, db: &Db) -> Result<Arc<Vec<Field>>, Internal> {
        let _turn = self.reading.lock().await;
        let fields = Arc::new(profile::fields(&mut db.read().await?).await?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fields);
        Ok(fields)
    }
}
