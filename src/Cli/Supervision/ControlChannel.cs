namespace ECapture.Cli.Supervision;

/// <summary>The child's end of its supervisor's control channel (standard input).</summary>
internal static class ControlChannel
{
    /// <summary>Reads instructions until the channel ends, then calls <paramref name="stop"/>.</summary>
    internal static void Listen(Action<string> onInstruction, Action stop)
    {
        Thread thread = new(() =>
        {
            while (Console.In.ReadLine() is { } line)
            {
                onInstruction(line);
            }

            stop();
        })
        {
            IsBackground = true,
            Name = "control",
        };
        thread.Start();
    }
}
