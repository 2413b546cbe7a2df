//! All settings, all kinds of children, all options of them.

supervisor! {
    /// A cache, and those who use it.
    #[cfg(unix)]
    pub(crate) struct CacheTree(options: CacheOptions, size: usize);

    strategy: rest_for_one,
    max_restarts: 10 in 1s,
    auto_shutdown: any_significant,
    back_off: 100ms to 10s,

    children: {
        /// Found by those whom nobody told of it.
        primary: UserCache(options.cache.clone(), size).name("primary"),
        #[cfg(feature = "secondary")]
        secondary: UserCache(options.cache, size / 2) { restart: transient, shutdown: brutal_kill },
        warmer: CacheWarmer(primary.clone()) { restart: temporary, significant: true, shutdown: 500ms },
        rooms: Registry::<RoomId, Room>::unique(),
        others: DynamicSupervisor::<Room>::new() { max_children: 100, max_restarts: 3 in 5s, shutdown: infinity },
        inner: InnerTree(primary, rooms),
    }
}
