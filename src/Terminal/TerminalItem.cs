using ECapture.Events.V1;
using ECapture.Protocols.Http;
using ECapture.Protocols.Http.WebSocket;

namespace ECapture.Terminal;

/// <summary>Something to show.</summary>
/// <param name="Topic">Short topic name of what it was made of.</param>
/// <param name="Origin">An event whose envelope says when, where and who; of an item that is one event, that event.</param>
internal abstract record TerminalItem(string Topic, Event Origin);

/// <summary>An HTTP request with its response.</summary>
internal sealed record ExchangeItem(string Topic, Event Origin, HttpExchange Exchange, HttpRole Role) : TerminalItem(Topic, Origin);

/// <summary>A WebSocket message.</summary>
internal sealed record MessageItem(string Topic, Event Origin, WebSocketMessage Message) : TerminalItem(Topic, Origin);

/// <summary>Plaintext that is no HTTP.</summary>
internal sealed record DataItem(string Topic, Event Origin) : TerminalItem(Topic, Origin);

/// <summary>A SQL statement with its outcome.</summary>
internal sealed record StatementItem(string Topic, Event Origin) : TerminalItem(Topic, Origin);

/// <summary>A line typed or a program started by a shell.</summary>
internal sealed record CommandItem(string Topic, Event Origin) : TerminalItem(Topic, Origin);

/// <summary>The end of a command.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="Origin">The result.</param>
/// <param name="Command">The command.</param>
internal sealed record CommandEndItem(string Topic, Event Origin, Event Command) : TerminalItem(Topic, Origin);

/// <summary>What the agent says of itself: a loss, something not covered, a module that failed.</summary>
internal sealed record NoticeItem(string Topic, Event Origin) : TerminalItem(Topic, Origin);
