//! Where the items of a stream of tasks come from: an iterator, or another stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

/// Gives the items of an [`AsyncStream`](super::AsyncStream), one each time that a task can be started.
///
/// [`async_stream`](super::async_stream) and [`async_stream_of`](super::async_stream_of) make the two there are.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::task::{AsyncStream, Source};
///
/// /// The first value of a stream of tasks, wherever their numbers come from.
/// async fn first<S, F, Fut>(mut stream: AsyncStream<S, F, Fut>) -> Option<Fut::Output>
/// where
///     S: Source<Item = u32>,
///     F: Fn(u32) -> Fut + Send + Sync + 'static,
///     Fut: Future<Output: Send + 'static> + Send + 'static,
/// {
///     stream.next().await?.ok()
/// }
///
/// # otp_core::doc_test(async {
/// assert_eq!(first(task::async_stream(vec![2, 3], async |n: u32| n * n)).await, Some(4));
/// # });
/// ```
pub trait Source {
    /// What it gives.
    type Item;

    #[doc(hidden)]
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Self::Item>>;
}

/// The items of an iterator.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::task::IterSource;
///
/// let squares = task::async_stream(vec![1, 2], async |n: u32| n * n);
/// fn of_a_vec<F, Fut>(_: &task::AsyncStream<IterSource<std::vec::IntoIter<u32>>, F, Fut>) -> bool
/// where
///     F: Fn(u32) -> Fut + Send + Sync + 'static,
///     Fut: Future<Output: Send + 'static> + Send + 'static,
/// {
///     true
/// }
/// assert!(of_a_vec(&squares));
/// ```
pub struct IterSource<I>(pub(in crate::task) I);

impl<I: Iterator> Source for IterSource<I> {
    type Item = I::Item;

    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

impl<I> fmt::Debug for IterSource<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterSource").finish_non_exhaustive()
    }
}

/// The items of another stream.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let words = task::async_stream(["a", "bb"], async |word| word);
/// let lengths = task::async_stream_of(words, async |word| word.map(str::len));
/// assert_eq!(lengths.collect::<Vec<_>>().await, [Ok(Ok(1)), Ok(Ok(2))]);
/// # });
/// ```
pub struct StreamSource<S>(pub(in crate::task) Pin<Box<S>>);

impl<S: Stream> Source for StreamSource<S> {
    type Item = S::Item;

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl<S> fmt::Debug for StreamSource<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSource").finish_non_exhaustive()
    }
}
