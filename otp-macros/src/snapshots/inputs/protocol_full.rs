//! All that a protocol may have.

/// Values by key.
#[protocol(crate = ::my_crate::otp_core)]
#[cfg(unix)]
pub(crate) trait Store<K: Ord, V, T>: Debug
where
    V: Clone,
{
    /// The value.
    ///
    /// None if there is none.
    #[call]
    fn get(&self, key: K) -> Option<V>;

    #[call]
    #[deprecated]
    async fn load(&mut self, cx: &mut Context<Self>) -> Result<usize, io::Error>;

    #[call]
    fn later(&self, key: K, reply_to: ReplyTo<V>);

    #[cast]
    #[cfg(feature = "flush")]
    async fn flush(&mut self) {}

    /// No message.
    fn helper(&self) -> u8 {
        7
    }
}
