//! The supervision tree: two caches, and a registry in which they are found by name.

use otp_core::Registry;
use otp_core::prelude::*;

use crate::cache::{CacheOptions, UserCache};
use crate::request::Server;

/// How the caches are set up.
#[derive(Debug, Clone)]
pub struct TreeOptions {
    pub primary: CacheOptions,
    pub secondary: CacheOptions,
}

supervisor! {
    /// The caches of users. The registry comes first, since the caches enter it when they start, and again each time
    /// that they are restarted.
    pub struct CacheTree(options: TreeOptions);

    strategy: one_for_one,
    max_restarts: 100 in 1s,

    children: {
        registry: Registry::<Server, UserCache>::unique(),
        primary: UserCache(options.primary).via(&registry, Server::Primary),
        secondary: UserCache(options.secondary).via(&registry, Server::Secondary),
    }
}
