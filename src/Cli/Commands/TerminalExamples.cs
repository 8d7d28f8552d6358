namespace ECapture.Cli.Commands;

/// <summary>Command lines that the terminal commands' help shows.</summary>
internal static class TerminalExamples
{
    internal static IReadOnlyList<string> Of(TerminalModule module) => module.Kind switch
    {
        TerminalKind.Tls =>
        [
            $"sudo ecapture {module.Name}",
            $"sudo ecapture {module.Name} -p 1234 --json",
            $"sudo ecapture {module.Name} -m keylog -k keys.log",
            $"sudo ecapture {module.Name} -m pcapng -i eth0 -w save.pcapng tcp port 443",
            $"sudo ecapture {module.Name} -m pcapng -w - | wireshark -k -i -",
        ],
        TerminalKind.Shell when module.Name == "bash" =>
        [
            "sudo ecapture bash",
            "sudo ecapture bash -e 1      # only what ended with status 1",
        ],
        _ =>
        [
            $"sudo ecapture {module.Name}",
            $"sudo ecapture {module.Name} --json | jq .data",
        ],
    };
}
