/* libspandsp's DTMF receiver over calls on standard input: a count of samples (32 bits, this machine's order), then so
 * many linear samples; for each call one line of digits. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <spandsp/telephony.h>
#include <spandsp/logging.h>
#include <spandsp/queue.h>
#include <spandsp/complex.h>
#include <spandsp/tone_detect.h>
#include <spandsp/tone_generate.h>
#include <spandsp/super_tone_rx.h>
#include <spandsp/dtmf.h>

static void digits(void *user_data, const char *found, int count)
{
    (void) user_data;
    fwrite(found, 1, (size_t) count, stdout);
}

int main(void)
{
    uint32_t count;
    while (fread(&count, sizeof count, 1, stdin) == 1) {
        int16_t *samples = malloc(count * sizeof *samples + 1);
        dtmf_rx_state_t *receiver = dtmf_rx_init(NULL, digits, NULL);
        if (samples == NULL || receiver == NULL || fread(samples, sizeof *samples, count, stdin) != count)
            return 1;
        for (uint32_t at = 0; at < count; at += 160)
            dtmf_rx(receiver, samples + at, (int) (count - at < 160 ? count - at : 160));
        dtmf_rx_free(receiver);
        free(samples);
        putchar('\n');
    }
    return 0;
}
