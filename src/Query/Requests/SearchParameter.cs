namespace ECapture.Query.Requests;

/// <summary>A parameter of the API and an option of the commands, described once for both.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">One sentence, with the valid values.</param>
/// <param name="Example">A value.</param>
/// <param name="IsRepeatable">True when it may be given several times; values are alternatives.</param>
public sealed record SearchParameter(string Name, string Description, string Example, bool IsRepeatable);
