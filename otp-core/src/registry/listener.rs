//! Who is told of registrations.

use std::fmt;
use std::sync::Arc;

use super::entry::RegistryEvent;
use crate::process::Recipient;

/// Takes events.
pub(super) struct Listener<K, V>(Arc<dyn Fn(RegistryEvent<K, V>) + Send + Sync>);

impl<K, V> Listener<K, V> {
    pub(super) fn new<R>(recipient: R) -> Self
    where
        R: Recipient + Sync,
        R::Message: From<RegistryEvent<K, V>>,
    {
        Listener(Arc::new(move |event| recipient.deliver(event.into())))
    }

    pub(super) fn tell(&self, event: RegistryEvent<K, V>) {
        (self.0)(event);
    }
}

impl<K, V> Clone for Listener<K, V> {
    fn clone(&self) -> Self {
        Listener(Arc::clone(&self.0))
    }
}

impl<K, V> fmt::Debug for Listener<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}
