//! The server: a cache of users.
//!
//! It does what the `UserCache` of an Elixir program would do with a map and `Process.send_after`.
//! `#[gen_server]` makes `UserCacheRef` of it, the handle that the rest of the program uses.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use otp_core::prelude::*;
use tokio::time::Instant;

use crate::lru::{Lookup, LruTable};

/// A user, as the rest of a program would know it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct User {
    pub id: u64,
    pub name: String,
    pub email: String,
}

/// How a [`UserCache`] is set up.
#[derive(Debug, Clone)]
pub struct CacheOptions {
    /// How many users are kept at most (default: 1,000).
    pub max_size: usize,
    /// How long a user is kept after it was put (default: 5 minutes).
    pub ttl: Duration,
    /// How often users that are too old are cleaned up (default: 1 minute).
    pub cleanup_interval: Duration,
}

impl Default for CacheOptions {
    fn default() -> Self {
        CacheOptions {
            max_size: 1_000,
            ttl: Duration::from_secs(5 * 60),
            cleanup_interval: Duration::from_secs(60),
        }
    }
}

/// What a [`UserCache`] says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// How many users there are.
    pub size: usize,
    pub max_size: usize,
    /// How often a user was asked for since the start, or since the cache was cleared.
    pub lookups: u64,
    /// How many of the lookups found the user.
    pub hits: u64,
    /// How many users had to make room for others.
    pub evictions: u64,
    /// How many users became too old.
    pub expirations: u64,
    /// About how much memory the users need.
    pub memory_bytes: usize,
}

/// A cache of users. Who was not put for a while expires, and who was not used for the longest
/// time makes room.
#[gen_server(mailbox = bounded(1024))]
pub struct UserCache {
    users: LruTable<u64, User>,
    cleanup_interval: Duration,
    lookups: u64,
    hits: u64,
    evictions: u64,
    expirations: u64,
}

#[gen_server]
impl UserCache {
    #[init]
    fn init(options: CacheOptions, cx: &mut Context<Self>) -> Self {
        tracing::info!(?options, "user cache started");
        cx.send_after(options.cleanup_interval, UserCacheMessage::CleanUp);
        UserCache {
            users: LruTable::new(options.max_size, options.ttl),
            cleanup_interval: options.cleanup_interval,
            lookups: 0,
            hits: 0,
            evictions: 0,
            expirations: 0,
        }
    }

    /// Answers the user, unless it was never put, was deleted, made room for others or is too old.
    #[call]
    pub fn get_user(&mut self, id: u64) -> Option<User> {
        self.lookups += 1;
        match self.users.get(id, Instant::now()) {
            Lookup::Found(user) => {
                self.hits += 1;
                Some(user.clone())
            }
            Lookup::Expired => {
                self.expirations += 1;
                None
            }
            Lookup::Missing => None,
        }
    }

    /// Puts a user, or a newer version of it.
    #[cast]
    pub fn put_user(&mut self, user: User) {
        let owned = user.name.capacity() + user.email.capacity();
        let evicted = self.users.put(user.id, user, owned, Instant::now());
        self.evictions += evicted as u64;
    }

    /// Deletes a user, if it is there.
    #[cast]
    pub fn delete_user(&mut self, id: u64) {
        self.users.remove(id);
    }

    /// Answers what the cache has done so far.
    #[call]
    pub fn stats(&self) -> Stats {
        Stats {
            size: self.users.len(),
            max_size: self.users.max_size(),
            lookups: self.lookups,
            hits: self.hits,
            evictions: self.evictions,
            expirations: self.expirations,
            memory_bytes: self.users.bytes(),
        }
    }

    /// Ends the cache from the middle of a handler, as a mistake in it would.
    #[call]
    pub fn crash(&self) -> Infallible {
        process::exit_with(ExitReason::error("asked to crash"))
    }

    /// Answers a number that two caches have in common if they hold the same users.
    #[call]
    pub fn fingerprint(&self) -> u64 {
        let users = self.users.values().map(|user| {
            let mut hasher = DefaultHasher::new();
            user.hash(&mut hasher);
            hasher.finish()
        });
        users.fold(0, u64::wrapping_add)
    }

    /// Forgets all users, and counts lookups and hits from zero.
    #[cast]
    pub fn clear(&mut self) {
        tracing::info!(users = self.users.len(), "user cache cleared");
        self.users.clear();
        self.lookups = 0;
        self.hits = 0;
    }

    /// The timer's message: cleans up and sets the timer anew.
    #[handle_info]
    fn clean_up(&mut self, cx: &mut Context<Self>) {
        let expired = self.users.remove_expired(Instant::now());
        if expired > 0 {
            tracing::info!(expired, "cleaned up users that were too old");
        }
        self.expirations += expired as u64;
        cx.send_after(self.cleanup_interval, UserCacheMessage::CleanUp);
    }

    #[terminate]
    fn terminate(&mut self, reason: &ExitReason) {
        tracing::info!(%reason, users = self.users.len(), "user cache terminates");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(60);

    async fn cache(max_size: usize) -> UserCacheRef {
        let options = CacheOptions {
            max_size,
            ttl: TTL,
            cleanup_interval: TTL / 2,
        };
        UserCache::start_link(options).await.unwrap()
    }

    fn user(id: u64) -> User {
        User {
            id,
            name: format!("user-{id}"),
            email: format!("user-{id}@example.com"),
        }
    }

    #[otp_core::test]
    async fn users_can_be_put_got_and_deleted() {
        let cache = cache(10).await;
        assert_eq!(cache.get_user(1).await.unwrap(), None);
        cache.put_user(user(1));
        assert_eq!(cache.get_user(1).await.unwrap(), Some(user(1)));
        cache.delete_user(1);
        assert_eq!(cache.get_user(1).await.unwrap(), None);
        let stats = cache.stats().await.unwrap();
        assert_eq!((stats.lookups, stats.hits, stats.size), (3, 1, 0));
    }

    #[otp_core::test]
    async fn the_least_recently_used_user_makes_room() {
        let cache = cache(2).await;
        cache.put_user(user(1));
        cache.put_user(user(2));
        cache.get_user(1).await.unwrap();
        cache.put_user(user(3));
        assert_eq!(cache.get_user(2).await.unwrap(), None);
        assert_eq!(cache.get_user(1).await.unwrap(), Some(user(1)));
        assert_eq!(cache.stats().await.unwrap().evictions, 1);
    }

    #[otp_core::test]
    async fn the_timer_cleans_up_users_that_are_too_old() {
        let cache = cache(10).await;
        cache.put_user(user(1));
        cache.put_user(user(2));
        tokio::time::sleep(TTL / 4).await;
        cache.put_user(user(2));
        assert!(cache.stats().await.unwrap().memory_bytes > 0);
        tokio::time::sleep(TTL).await;
        let stats = cache.stats().await.unwrap();
        assert_eq!((stats.size, stats.expirations, stats.lookups), (1, 1, 0));
        tokio::time::sleep(TTL).await;
        let stats = cache.stats().await.unwrap();
        assert_eq!(
            (stats.size, stats.expirations, stats.memory_bytes),
            (0, 2, 0)
        );
    }

    #[otp_core::test]
    async fn a_user_that_is_too_old_is_not_answered_before_the_timer_either() {
        let options = CacheOptions {
            cleanup_interval: 10 * TTL,
            ttl: TTL,
            max_size: 10,
        };
        let cache = UserCache::start_link(options).await.unwrap();
        cache.put_user(user(1));
        tokio::time::sleep(TTL).await;
        assert_eq!(cache.get_user(1).await.unwrap(), None);
        assert_eq!(cache.stats().await.unwrap().expirations, 1);
    }

    #[otp_core::test]
    async fn a_cleared_cache_begins_anew() {
        let cache = cache(10).await;
        cache.put_user(user(1));
        cache.get_user(1).await.unwrap();
        cache.clear();
        let stats = cache.stats().await.unwrap();
        assert_eq!((stats.size, stats.lookups, stats.hits), (0, 0, 0));
    }
}
