//! What a registry knows of itself: values that belong to no entry, one of each type.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, PoisonError};

use rustc_hash::FxHashMap;

use crate::sync::RwLock;

type Stored = Arc<dyn Any + Send + Sync>;

/// Values by their type. A clone begins with the same values and goes its own way.
#[derive(Default)]
pub(super) struct Meta(RwLock<FxHashMap<TypeId, Stored>>);

impl Meta {
    pub(super) fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let values = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let value = values.get(&TypeId::of::<T>()).cloned();
        drop(values);
        value.and_then(unwrap)
    }

    pub(super) fn put<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        let mut values = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = values.insert(TypeId::of::<T>(), Arc::new(value));
        drop(values);
        before.and_then(unwrap)
    }

    pub(super) fn delete<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let mut values = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = values.remove(&TypeId::of::<T>());
        drop(values);
        before.and_then(unwrap)
    }
}

/// The type is the key, so the value is of it.
fn unwrap<T: Clone + Send + Sync + 'static>(value: Stored) -> Option<T> {
    let value = value.downcast::<T>().ok()?;
    Some(Arc::unwrap_or_clone(value))
}

impl Clone for Meta {
    fn clone(&self) -> Self {
        let values = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Meta(RwLock::new(values.clone()))
    }
}

impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta").finish_non_exhaustive()
    }
}
