/* What every exported header has: columns to features, steps, probabilities. No memory is allocated. */

static inline int MODEL_place(const char *text, const char *const *blanks, const char *const *levels)
{
    int place;
    if (text == NULL || *text == '\0') return -1;
    for (place = 0; levels[place] != NULL; place++)
        if (strcmp(text, levels[place]) == 0) return place;
    for (place = 0; blanks[place] != NULL; place++)
        if (strcmp(text, blanks[place]) == 0) return -1;
    return -2;
}

/* A number, scaled, into f; also where it was missing, and its bins. Returns what is behind them. */
static inline double *MODEL_number(double *f, double x, const double scale[4], int squash, int indicator,
                                   const double *edges, int bins)
{
    int t, missing = isnan(x);
    double z;
    if (missing) x = scale[2];
    z = scale[3] > 0 ? (x < 0 ? -log1p(-x / scale[3]) : log1p(x / scale[3])) : x;
    z = (z - scale[0]) * scale[1];
    *f++ = squash ? z / sqrt(1 + (z / 3) * (z / 3)) : z;
    if (indicator) *f++ = missing;
    for (t = 0; t < bins; t++) *f++ = fmin(fmax((x - edges[t]) / (edges[t + 1] - edges[t]), 0), 1);
    return f;
}

/* How much of the year (part 0), the week (1) or the day (2) has passed, from 0 to 1; years begin in March. */
static inline double MODEL_turn(int part, double days)
{
    double whole = floor(days), day = whole + 719468, year, month, first, next;
    if (part == 2) return days - whole;
    if (part == 1) return (whole + 3 - 7 * floor((whole + 3) / 7)) / 7;
    day -= 146097 * floor(day / 146097);
    year = floor((day - floor(day / 1460) + floor(day / 36524) - floor(day / 146096)) / 365);
    day -= 365 * year + floor(year / 4) - floor(year / 100);
    month = floor((5 * day + 2) / 153);
    first = floor((153 * month + 2) / 5);
    next = 365 + floor((year + 1) / 4) - floor(year / 4) - floor((year + 1) / 100) + floor(year / 100)
           + floor((year + 1) / 400);
    next = fmin(floor((153 * month + 155) / 5), next);
    return (month + 2 - 12 * floor((month + 2) / 12) + (day - first) / (next - first)) / 12;
}

/* Sine and cosine of a part of a date; 0 where it is missing. */
static inline double *MODEL_part(double *f, int part, double days)
{
    double angle = 6.283185307179586477 * MODEL_turn(part, days);
    *f++ = isnan(days) ? 0 : sin(angle);
    *f++ = isnan(days) ? 0 : cos(angle);
    return f;
}

/* The row of a category into f: of a table, or one-hot where there is none. */
static inline double *MODEL_text(double *f, int place, int levels, int unseen, const double *table, int width)
{
    int j, code = place == -1 ? levels : place == -2 ? unseen : place;
    for (j = 0; j < width; j++) *f++ = table == NULL ? (j == code) : table[code * width + j];
    return f;
}

/* Each step reads x, (parts, rows) numbers, and writes y. */
/* x (s W) + b. `apart`: how far it is from a part to the next in x, W, b and s; 0 where all share one. */
static inline void MODEL_linear(const double *x, double *y, int parts, int rows, int width, const MODEL_real *W,
                                const MODEL_real *b, const MODEL_real *s, const size_t apart[4])
{
    int k, i, j;
    for (k = 0; k < parts; k++, x += apart[0], W += apart[1], y += width) {
        for (j = 0; j < width; j++) y[j] = b == NULL ? 0 : b[k * apart[2] + j];
        for (i = 0; i < rows; i++) {
            MODEL_real factor = s == NULL ? 1 : s[k * apart[3] + i];
            for (j = 0; j < width; j++) y[j] += x[i] * (MODEL_real)(factor * W[i * width + j]);
        }
    }
}

static inline void MODEL_norm(double *x, int parts, int rows, const MODEL_real *mean, const MODEL_real *factor,
                              const MODEL_real *shift)
{
    int i;
    for (i = 0; i < parts * rows; i++) x[i] = (x[i] - mean[i % rows]) * factor[i % rows] + shift[i % rows];
}

static inline void MODEL_layer_norm(double *x, int parts, int rows, const MODEL_real *gamma,
                                    const MODEL_real *beta, double eps)
{
    int k, j;
    for (k = 0; k < parts; k++, x += rows) {
        double mean = 0, variance = 0;
        for (j = 0; j < rows; j++) mean += x[j] / rows;
        for (j = 0; j < rows; j++) variance += (x[j] - mean) * (x[j] - mean) / rows;
        for (j = 0; j < rows; j++) x[j] = (x[j] - mean) / sqrt(variance + eps) * gamma[j] + beta[j];
    }
}

static inline double MODEL_sigmoid(double x) { return (tanh(x * 0.5) + 1) * 0.5; }
static inline double MODEL_softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }
static inline double MODEL_exponential(double x, double alpha, double scale)
{
    return (expm1(fmin(x, 0)) * alpha + fmax(x, 0)) * scale;
}
static inline double MODEL_gelu(double x)
{
    return (tanh((x * x * 0.044715 + 1) * x * 0.79788456080286535588) + 1) * x * 0.5;
}

static inline void MODEL_log_softmax(double *s, int width)
{
    int j;
    double largest = s[0], total = 0;
    for (j = 1; j < width; j++) largest = fmax(largest, s[j]);
    for (j = 0; j < width; j++) total += exp(s[j] - largest);
    for (j = 0; j < width; j++) s[j] -= largest + log(total);
}

/* The logarithm of the mean of e^x over the parts, or the mean, into y; each part has a share. */
static inline void MODEL_combine(double *x, double *y, int parts, int width, int logs, const double *shares)
{
    int k, j;
    for (j = 0; j < width; j++) {
        double largest = x[j], total = 0;
        for (k = 1; k < parts; k++) largest = fmax(largest, x[k * width + j]);
        if (!logs) largest = 0;
        for (k = 0; k < parts; k++) {
            double one = logs ? exp(x[k * width + j] - largest) : x[k * width + j];
            total += one * (shares == NULL ? 1.0 / parts : shares[k]);
        }
        y[j] = logs ? log(total) + largest : total;
    }
}

/* Logarithms of probabilities, without class weights, at a temperature; `unknown` has a share of 1/C. */
static inline void MODEL_log_probabilities(double *s, int width, const double *weights, double temperature,
                                           double unknown)
{
    int j;
    for (j = 0; j < width; j++) s[j] = (s[j] - weights[j]) / temperature;
    MODEL_log_softmax(s, width);
    if (unknown > 0)
        for (j = 0; j < width; j++) s[j] = log((1 - unknown) * exp(s[j]) + unknown / width);
}

static inline void MODEL_sort(double *s, int count)
{
    int i, j;
    for (i = 1; i < count; i++)
        for (j = i; j > 0 && s[j] < s[j - 1]; j--) {
            double higher = s[j - 1];
            s[j - 1] = s[j];
            s[j] = higher;
        }
}
