using System.CommandLine;
using System.Globalization;
using ECapture.Cli.Options;
using ECapture.Events;
using ECapture.Query.Requests;

namespace ECapture.Cli.Admin;

/// <summary>Options that several of the commands on a store have.</summary>
internal static class AdminOptions
{
    internal static readonly Option<string?> Since = CommonOptions.Text("since", "TIME", "from this time on: 10m, 2h, 7d ago, or 2026-11-20T06:00:00Z");
    internal static readonly Option<string?> Until = CommonOptions.Text("until", "TIME", "up to this time (default now)");
    internal static readonly Option<bool> Json = CommonOptions.Switch("json", "one JSON object a line");

    /// <summary>A topic's name, or null.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    internal static string? Topic(OptionReader options, Option<string?> option)
    {
        string? topic = options.Find(option);
        if (topic is null || Topics.All.Contains(topic))
        {
            return topic;
        }

        string? nearest = NearestName.Find(topic, Topics.All);
        throw new UsageException($"{option.Name}: there is no topic {topic}{(nearest is null ? "" : $"; did you mean {nearest}?")}");
    }

    /// <summary>A time as nanoseconds of the epoch in digits, or null.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    internal static string? Time(OptionReader options, Option<string?> option) =>
        options.Find(option) is not { } text ? null
        : TimeText.TryParseDuration(text, out long ago) ? (TimeText.Now - ago).ToString(CultureInfo.InvariantCulture)
        : TimeText.TryParseTime(text, out long time) ? time.ToString(CultureInfo.InvariantCulture)
        : throw new UsageException($"{option.Name}: '{text}' is no time: a number and s, m, h, d or w, such as 10m; or a time such as 2026-11-20T06:00:00Z");
}
