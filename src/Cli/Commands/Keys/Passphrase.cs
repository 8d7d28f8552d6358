using System.CommandLine;
using System.Text;
using ECapture.Cli.Options;

namespace ECapture.Cli.Commands.Keys;

/// <summary>The passphrase of a backup: from a file, the environment or the terminal, never from the command line, which every process can read.</summary>
internal static class Passphrase
{
    internal const string Variable = "ECAPTURE_KEY_PASSPHRASE";
    internal static readonly Option<string?> File = CommonOptions.Text("passphrase-file", "FILE", $"file whose first line is the passphrase (default {Variable}, else it is asked for)");

    private const int Shortest = 12;

    /// <summary>Reads it.</summary>
    /// <param name="options">The command's options.</param>
    /// <param name="isNew">It will protect something: a short one is refused, and a terminal is asked twice.</param>
    /// <exception cref="UsageException">There is none, or it is too short.</exception>
    internal static string Read(OptionReader options, bool isNew)
    {
        string passphrase = FromFile(options.Find(File)) ?? Environment.GetEnvironmentVariable(Variable) ?? Ask(isNew);
        return !isNew || passphrase.Length >= Shortest
            ? passphrase
            : throw new UsageException($"the passphrase has {passphrase.Length} characters: whoever finds the backup can try many; use {Shortest} or more");
    }

    private static string? FromFile(string? path)
    {
        try
        {
            return path is null ? null : System.IO.File.ReadLines(path).FirstOrDefault() ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{File.Name}: {path} cannot be read: {e.Message}");
        }
    }

    private static string Ask(bool twice)
    {
        if (Console.IsInputRedirected)
        {
            throw new UsageException($"where is the passphrase? Set {Variable}, give {File.Name} FILE, or run this in a terminal");
        }

        string passphrase = Prompt("passphrase: ");
        return !twice || Prompt("once more: ") == passphrase ? passphrase : throw new UsageException("the two passphrases are not the same; nothing was written");
    }

    private static string Prompt(string text)
    {
        Console.Error.Write(text);
        StringBuilder typed = new();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                typed.Length = Math.Max(0, typed.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                typed.Append(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return typed.ToString();
    }
}
