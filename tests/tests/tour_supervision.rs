//! The programs of the tour's sections 4 and 8, as short as they are there.

use std::process::ExitCode;

use otp_core::application::{Application, ApplicationContext, Applications, RestartType};
use otp_core::prelude::*;
use otp_core::testing::{ChildExt, start_supervised};
use otp_core::{DynamicSupervisor, PartitionSupervisor, Registry};

#[derive(Clone, Debug, Default)]
struct CacheOptions {
    max_size: usize,
    ttl: u64,
}

#[derive(Clone, Debug, Default)]
struct TreeOptions {
    cache: CacheOptions,
}

type RoomId = u64;

/// A cache that says how it was made.
#[gen_server]
#[derive(Debug)]
pub struct UserCache {
    options: CacheOptions,
}

#[gen_server]
impl UserCache {
    #[init]
    fn init(options: CacheOptions) -> Self {
        UserCache { options }
    }

    /// A user.
    #[call]
    pub fn get_user(&self, id: u64) -> Option<u64> {
        (id < self.options.max_size as u64).then_some(id + self.options.ttl)
    }
}

/// Warms two caches, once.
#[gen_server]
#[derive(Debug)]
pub struct CacheWarmer {
    warmed: usize,
}

#[gen_server]
impl CacheWarmer {
    #[init]
    async fn init(primary: UserCacheRef, secondary: UserCacheRef) -> Result<Self, ExitReason> {
        let both = [primary.get_user(1).await?, secondary.get_user(1).await?];
        let warmed = both.into_iter().flatten().count();
        Ok(CacheWarmer { warmed })
    }

    /// How many caches had the user.
    #[call]
    pub fn warmed(&self) -> usize {
        self.warmed
    }
}

/// A room.
#[gen_server]
#[derive(Debug)]
pub struct Room {
    id: RoomId,
}

#[gen_server]
impl Room {
    #[init]
    fn init(id: RoomId, _log: String) -> Self {
        Room { id }
    }

    /// Its id.
    #[call]
    pub fn id(&self) -> RoomId {
        self.id
    }
}

/// A shard.
#[gen_server]
#[derive(Debug)]
pub struct Shard {}

#[gen_server]
impl Shard {
    #[init]
    fn init() -> Self {
        Shard {}
    }

    /// Which process it is.
    #[call]
    pub fn pid(&self, cx: &mut Context<Self>) -> Pid {
        cx.pid()
    }
}

supervisor! {
    /// The cache's supervision tree.
    pub struct CacheTree(options: TreeOptions);

    strategy: one_for_one,
    max_restarts: 3 in 5s,

    children: {
        rooms: Registry::<RoomId, Room>::unique(),
        primary: UserCache(CacheOptions { max_size: 5_000, ..options.cache }),
        secondary: UserCache(CacheOptions { max_size: 1_000, ..options.cache }) { restart: transient, shutdown: 10s },
        warmer: CacheWarmer(primary, secondary) { restart: temporary },   // handles of earlier siblings
        room_supervisor: DynamicSupervisor::<Room>::new() { max_children: 10_000 },
        shards: PartitionSupervisor::<Shard>::new(8),
    }
}

#[otp_core::test]
async fn a_tree_is_used_through_typed_handles() -> Result<(), Box<dyn std::error::Error>> {
    let tree = CacheTree::start_link(TreeOptions::default()).await?;
    let user = tree.primary().get_user(42).await?; // typed, and follows restarts
    assert_eq!(user, Some(42));
    assert_eq!(tree.secondary().get_user(4_200).await?, None);
    assert_eq!(tree.warmer().warmed().await?, 2);

    let (id, log) = (7, "log".to_owned());
    let room = tree.room_supervisor().start_child(id, log).await?; // RoomRef
    assert_eq!(room.id().await?, 7);
    let shards = tree.shards();
    assert_eq!(shards.get(&9).pid().await?, shards.get(&1).pid().await?);
    assert_eq!(tree.rooms().lookup(&id), None, "nobody has registered it");

    let children = tree.which_children().await?;
    let ids: Vec<&str> = children.iter().rev().map(|child| &*child.id).collect();
    let expected = [
        "rooms",
        "primary",
        "secondary",
        "warmer",
        "room_supervisor",
        "shards",
    ];
    assert_eq!(ids, expected);
    tree.stop().await?;
    Ok(())
}

#[otp_core::test] // own node, paused clock, fails on leaked processes and on unexpected crashes
async fn a_crash_of_primary_leaves_secondary_alone() {
    let tree = start_supervised::<CacheTree>(TreeOptions::default()).await;
    tree.primary().crash().await; // controlled failure
    tree.primary().restarted().await; // a newer incarnation than the crashed one: waits for the fact, sleeps nowhere
    assert_eq!(tree.secondary().stats().await.unwrap().restarts, 0);
    assert_eq!(tree.primary().stats().await.unwrap().restarts, 1);
    assert_eq!(tree.primary().get_user(42).await, Ok(Some(42)));
}

#[otp_core::application(env = "config/app.toml")]
struct Chat; // start: returns the root supervisor; SIGTERM stops the tree in reverse order, a second one forces

#[derive(serde::Deserialize)]
struct ChatEnv {
    max_size: usize,
}

impl Application for Chat {
    type Env = ChatEnv;
    type Root = CacheTreeRef;

    async fn start(
        &mut self,
        env: ChatEnv,
        _: &mut ApplicationContext,
    ) -> Result<CacheTreeRef, ExitReason> {
        let cache = CacheOptions {
            max_size: env.max_size,
            ttl: 0,
        };
        Ok(CacheTree::start_link(TreeOptions { cache }).await?)
    }
}

/// Its `main`. What signals do to it is in `ap_program.rs`, where programs are run.
#[allow(dead_code, reason = "it would end the test")]
fn main_of_the_chat() -> ExitCode {
    Chat.run()
}

#[otp_core::test]
async fn an_application_gives_its_root_supervisor() -> Result<(), Box<dyn std::error::Error>> {
    let applications = Applications::start_link_with_variables([("CHAT__MAX_SIZE", "20")]);
    let tree = applications.start(Chat, RestartType::Temporary).await?;
    assert_eq!(tree.primary().get_user(42).await?, Some(42));
    assert_eq!(
        applications.env::<Chat>()?.max_size,
        20,
        "the variable is above the file"
    );
    applications.stop::<Chat>().await?;
    assert_eq!(tree.primary().get_user(42).await, Err(CallFailure::NoProc));

    let applications = Applications::start_link_with_variables([("NOBODYS", "20")]);
    applications.load(Chat).await?;
    assert_eq!(applications.env::<Chat>()?.max_size, 10, "the file's");
    Ok(())
}
