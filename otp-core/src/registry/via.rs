//! Handles that look a key up at each use.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::handle::RegistryRef;
use super::registrable::{Key, Registrable, Value};
use crate::node::Node;
use crate::process::{Astray, Guide, Route};

/// Leads to whoever is registered under a key.
struct KeyGuide<K: Key, S: Registrable, V: Value> {
    registry: RegistryRef<K, S, V>,
    key: K,
}

impl<K: Key, S: Registrable, V: Value> Guide<S::Message> for KeyGuide<K, S, V> {
    fn find(&self) -> Result<Route<S::Message>, Astray> {
        let found = self.registry.find(&self.key).map(Route::Pinned);
        found.ok_or(Astray::NoProc)
    }

    fn node(&self) -> Option<Node> {
        self.registry.as_ref().route().node()
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        let other = other.downcast_ref::<Self>();
        other.is_some_and(|other| self.registry == other.registry && self.key == other.key)
    }

    fn hash(&self, mut state: &mut dyn Hasher) {
        self.registry.hash(&mut state);
        self.key.hash(&mut state);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<K: Key, S: Registrable, V: Value> RegistryRef<K, S, V> {
    /// The route of a handle via a key.
    pub(crate) fn route(&self, key: K) -> Route<S::Message> {
        let registry = self.clone();
        Route::Via(Arc::new(Box::new(KeyGuide { registry, key })))
    }
}
