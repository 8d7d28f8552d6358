using System.Text;
using ECapture.Policies;
using ECapture.Policies.Redaction;

namespace ECapture.Fuzz;

/// <summary>Texts made of what the redaction rules look for, in any order, and noise: ranges must be in order and within the text, whatever it is.</summary>
public sealed class RedactorTarget : IFuzzTarget
{
    private static readonly string[] s_pieces =
    [
        "Authorization: Bearer abcdef123456", "authorization", "\"Authorization\": \"", "Proxy-Authorization:", "bearer ", "Set-Cookie: a=b; Path=/", "cookie:", "\r\n", "\r\n ", "\n",
        "PASSWORD '", "password=", "password", "'password'", "IDENTIFIED BY '", "IDENTIFIED VIA x USING PASSWORD('", "SET PASSWORD FOR a = '", "E'", "U&'", "$$", "$t$", "/*", "*/", "--",
        "''", "'", "\"", "\\", "\\'", "://", "https://u:p@h", "@", "mysql -p", "curl -u ", "sshpass -p ", "--password ", "--token=", "PGPASSWORD=", "export A_SECRET=", "pass:", "; ", " | ", "&", "(",
        ")", "`", "4111 1111 1111 1111", "4111", "5555555555554444", "%20", "-", ".", "+", "\0", "{", "}", "=", ":", " ", "B-123456", "\u00ff",
    ];

    private static readonly Redactor s_redactor = Redactor.For(Policy.Read(
        """{"modules":{"tls":{"redact":["card-number","bearer-token","cookie","sql-password","shell-password",{"name":"own","pattern":"B-[0-9]+|\\xff+"}]}}}"""u8, null, 1000).Policy!.For("tls"))!;

    public string Name => "redactor";

    public (long Fed, long Kept) Run(Random random)
    {
        StringBuilder made = new();
        for (int i = random.Next(40); i >= 0; i--)
        {
            made.Append(random.Next(5) == 0 ? new string((char)random.Next(256), random.Next(40)) : s_pieces[random.Next(s_pieces.Length)]);
        }

        byte[] text = Encoding.Latin1.GetBytes(made.ToString());
        text = random.Next(2) == 0 ? text : Mutator.Change(text, random);
        foreach (TextShape shape in (TextShape[])[TextShape.Lines, TextShape.Arguments])
        {
            int open = s_redactor.Find(text, shape);
            int last = 0;
            foreach (RedactedRange match in s_redactor.Matches)
            {
                if (match.Start < last || match.End <= match.Start || match.End > text.Length || match.Rules == 0)
                {
                    throw new InvalidOperationException($"{shape}: {match} behind {last} in a text of {text.Length}");
                }

                last = match.End;
            }

            if (open < 0 || open > text.Length)
            {
                throw new InvalidOperationException($"{shape}: open from {open} in a text of {text.Length}");
            }

            byte[] marked = [.. text];
            s_redactor.Overwrite(marked, 0);
        }

        return (text.Length, 0);
    }
}
