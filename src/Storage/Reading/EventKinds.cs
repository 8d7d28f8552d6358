using ECapture.Events.V1;

namespace ECapture.Storage.Reading;

/// <summary>Values of the column <c>kind</c> that reads ask for: field numbers of payloads.</summary>
internal static class EventKinds
{
    public const byte ConnectionState = Event.ConnectionStateFieldNumber;
    public const byte ShellCommand = Event.ShellCommandFieldNumber;
    public const byte ShellResult = Event.ShellResultFieldNumber;
    public const byte ProcessExec = Event.ProcessExecFieldNumber;
    public const byte ProcessExit = Event.ProcessExitFieldNumber;
}
