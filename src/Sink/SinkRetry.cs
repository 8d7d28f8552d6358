using ECapture.Log;
using ECapture.Storage;
using Polly;
using Polly.Retry;

namespace ECapture.Sink;

/// <summary>Transient failures of store and log are tried again for ever: exponential waits with jitter, up to a limit.</summary>
internal static class SinkRetry
{
    public static ResiliencePipeline Create(SinkOptions options, Action<int, TimeSpan, Exception> onRetry) =>
        new ResiliencePipelineBuilder()
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<StoreException>(e => e.IsTransient).Handle<LogException>(e => e.IsTransient),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.MaxRetryDelay,
                OnRetry = arguments =>
                {
                    onRetry(arguments.AttemptNumber + 1, arguments.RetryDelay, arguments.Outcome.Exception!);
                    return default;
                },
            })
            .Build();
}
