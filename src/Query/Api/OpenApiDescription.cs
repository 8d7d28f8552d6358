using System.Text.Json.Nodes;
using ECapture.Query.Requests;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace ECapture.Query.Api;

/// <summary>Describes the API from the same tables that its requests are read by.</summary>
internal static class OpenApiDescription
{
    private const string Token = "token";

    private static readonly string[] s_eventForms = ["application/json", "application/x-ndjson", "text/csv", "text/plain"];
    private static readonly string[] s_file = ["application/x-pcapng"];
    private static readonly string[] s_document = ["application/json"];
    private static readonly string[] s_problem = ["application/problem+json"];

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "ECapture query";
            document.Info.Version = "1";
            document.Info.Description = "Searches captured events and rebuilds pcapng files with the TLS secrets of their sessions.";
            document.Servers?.Clear();
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Token] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A token of `ecapture token create`; not needed on the loopback, unless the service says otherwise.",
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Token, document)] = [] }, new OpenApiSecurityRequirement()];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            (string summary, IReadOnlyList<SearchParameter> parameters, string[] types) = context.Description.RelativePath switch
            {
                "api/v1/events" => ("Events that the parameters match, each joined to its end.", SearchParameters.Events,
                    s_eventForms),
                "api/v1/pcapng" => ("A pcapng file of the whole sessions of the events that the parameters match: TLS secrets first, then packets in the order of time.",
                    SearchParameters.Pcapng, s_file),
                "api/v1/connections" => ("Connections of the events that the parameters match, one object each: ends, process, begin and end, server name, TLS version, plaintext bytes.",
                    SearchParameters.Connections, s_document),
                "api/v1/histogram" => ("How many events of each module lie in spans of equal length.", SearchParameters.Histogram, s_document),
                "api/v1/fields" => ("The fields, operators and values of filter expressions.", [], s_document),
                "api/v1/modules" => ("The modules and what their events are.", [], s_document),
                "api/v1/keys" => ("Whom stored TLS secrets are sealed to, and whether a private key that is here opens them.", [], s_document),
                "api/v1/releases" => ("Requests for TLS secrets that wait for a second keyholder, and what became of those of the last day; with four eyes.", [], s_document),
                "api/v1/releases/{id}/approve" => ("Lets a request for TLS secrets of somebody else through, once.", [], s_document),
                "api/v1/releases/{id}/deny" => ("Refuses a request for TLS secrets.", [], s_document),
                _ => ("What the store holds.", [], s_document),
            };
            operation.Summary = summary;
            operation.Parameters = [.. parameters.Select(Parameter)];
            if (context.Description.RelativePath?.Contains("{id}", StringComparison.Ordinal) == true)
            {
                operation.Parameters.Add(new OpenApiParameter { Name = "id", In = ParameterLocation.Path, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
            }

            operation.Responses = new OpenApiResponses
            {
                ["200"] = Response("The answer.", types),
                ["400"] = Response("A parameter cannot be used; names it, its value and what is valid.", s_problem),
                ["401"] = Response("A token is needed, or the one given does not count.", s_problem),
                ["403"] = Response("The token's role or filter does not allow it; says what would be needed.", s_problem),
                ["429"] = Response("Too many requests with this token.", s_problem),
                ["504"] = Response("The store had no answer in time, and was told to stop.", s_problem),
                ["500"] = Response("The store refused the statement, or a private key cannot be used; the service's log says more.", s_problem),
                ["503"] = Response("The store cannot be reached, too many files are on their way, or the access cannot be recorded.", s_problem),
            };
            return Task.CompletedTask;
        });
    }

    private static IOpenApiParameter Parameter(SearchParameter parameter) => new OpenApiParameter
    {
        Name = parameter.Name,
        In = ParameterLocation.Query,
        Description = parameter.Description,
        Example = JsonValue.Create(parameter.Example),
        Schema = parameter.IsRepeatable
            ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } }
            : new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static OpenApiResponse Response(string description, string[] types) => new()
    {
        Description = description,
        Content = types.ToDictionary(t => t, _ => new OpenApiMediaType()),
    };
}
