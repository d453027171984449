/*
 * The H.264 encoder of a Raspberry Pi's firmware as its driver shows it, for
 * programs that are started with this library in LD_PRELOAD.
 *
 * /dev/video11 is answered here, at the calls of libc: open, ioctl, mmap, poll, close.
 * What the driver would have the firmware do, a process behind the Unix socket
 * FAKE_CODEC does (tests/fakes/codec_firmware.py): it really encodes.  As with
 * bcm2835-v4l2-codec.c and v4l2-mem2mem.c every open has queues, formats and controls
 * of its own; the bit rate goes in steps of 25,000; buffers are given back in the order
 * in which they were queued; poll tells POLLERR where nothing streams.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" /* poll's argument is read, too */

#define NODE "/dev/video11"
#define CONTEXTS 8
#define BUFFERS 32
#define SLOT (512u << 10)
enum { OPEN = 1, FORMAT, CONTROL, PICTURE, RATE, CODED = 10 };

struct message {
  uint32_t kind, index, size, flags;
  int64_t sec, usec;
};

struct coded {
  uint32_t index, size, flags;
  struct timeval at;
};

struct context {
  int used, fd, peer, memory, refused, streaming, bitrate, error;
  pthread_t reader;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  uint32_t given[BUFFERS], n_given;       /* capture buffers that wait for a picture */
  struct coded coded[BUFFERS];            /* capture buffers with one */
  uint32_t n_coded, spent[BUFFERS], n_spent; /* output buffers that are free again */
};

static struct context contexts[CONTEXTS];
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static struct context *of(int fd) {
  for (int i = 0; i < CONTEXTS; i++)
    if (contexts[i].used && contexts[i].fd == fd) return &contexts[i];
  return NULL;
}

static int whole(int fd, void *into, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = recv(fd, (char *)into + done, size - done, 0);
    if (n <= 0) return -1;
    done += n;
  }
  return 0;
}

static int tell(struct context *c, struct message m, int fd) {
  char control[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec part = {&m, sizeof m};
  struct msghdr out = {.msg_iov = &part, .msg_iovlen = 1};
  if (fd >= 0) {
    out.msg_control = control;
    out.msg_controllen = sizeof control;
    struct cmsghdr *head = CMSG_FIRSTHDR(&out);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
  }
  return sendmsg(c->peer, &out, MSG_NOSIGNAL) == sizeof m ? 0 : -1;
}

static void *read_coded(void *argument) {
  struct context *c = argument;
  static __thread char picture[SLOT];
  struct message m;
  while (!whole(c->peer, &m, sizeof m) && m.kind == CODED) {
    if (m.size > SLOT || whole(c->peer, picture, m.size)) break;
    pthread_mutex_lock(&c->lock);
    while (c->used && c->streaming == 2 && !c->n_given)
      pthread_cond_wait(&c->changed, &c->lock);
    if (c->n_given) {
      struct coded *next = &c->coded[c->n_coded++];
      *next = (struct coded){c->given[0], m.size, m.flags & 1, {m.sec, m.usec}};
      memmove(c->given, c->given + 1, --c->n_given * sizeof *c->given);
      pwrite(c->memory, picture, m.size, (off_t)next->index * SLOT);
    }
    if (!(m.flags & 2)) c->spent[c->n_spent++] = m.index; /* 2: more of it to come */
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
  }
  return NULL;
}

static int open_codec(void) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  struct message m = {.kind = OPEN};
  const char *path = getenv("FAKE_CODEC");
  if (!path) return errno = ENOENT, -1;
  strncpy(at.sun_path, path, sizeof at.sun_path - 1);
  int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(peer, (struct sockaddr *)&at, sizeof at) ||
      send(peer, &m, sizeof m, MSG_NOSIGNAL) != sizeof m || whole(peer, &m, sizeof m) ||
      m.index) {
    REAL(close)(peer);
    return errno = m.index ? (int)m.index : ENODEV, -1;
  }
  pthread_mutex_lock(&opening);
  struct context *c = NULL;
  for (int i = 0; i < CONTEXTS && !c; i++)
    if (!contexts[i].used) c = &contexts[i];
  if (c) {
    memset(c, 0, sizeof *c);
    c->peer = peer;
    c->refused = m.size;
    c->bitrate = 10000000;
    c->fd = eventfd(0, EFD_CLOEXEC);
    c->memory = memfd_create("codec", MFD_CLOEXEC);
    ftruncate(c->memory, (off_t)SLOT * BUFFERS);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    c->used = 1;
    pthread_create(&c->reader, NULL, read_coded, c);
  }
  pthread_mutex_unlock(&opening);
  return c ? c->fd : (errno = EMFILE, -1);
}

static int open_any(const char *path, int flags, mode_t mode) {
  if (!strcmp(path, NODE)) return open_codec();
  return REAL(open64)(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return open_any(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return open_any(path, flags, mode);
}

int close(int fd) {
  struct context *c = of(fd);
  if (c) {
    pthread_mutex_lock(&c->lock);
    c->streaming = 0;
    shutdown(c->peer, SHUT_RDWR);
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->reader, NULL);
    REAL(close)(c->peer);
    REAL(close)(c->memory);
    c->used = 0;
  }
  return REAL(close)(fd);
}

static void *map(void *at, size_t n, int prot, int flags, int fd, off_t offset) {
  struct context *c = fd >= 0 ? of(fd) : NULL;
  return REAL(mmap64)(at, n, prot, flags, c ? c->memory : fd, offset);
}
void *mmap(void *at, size_t n, int p, int f, int fd, off_t o) { return map(at, n, p, f, fd, o); }
void *mmap64(void *at, size_t n, int p, int f, int fd, off_t o) { return map(at, n, p, f, fd, o); }

int poll(struct pollfd *fds, nfds_t n, int timeout_ms) {
  struct context *c = n == 1 ? of(fds[0].fd) : NULL;
  if (!c) return REAL(poll)(fds, n, timeout_ms);
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
  until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_mutex_lock(&c->lock);
  do {
    fds[0].revents = !c->streaming ? POLLERR
        : (c->n_coded ? fds[0].events & POLLIN : 0) | (c->n_spent ? fds[0].events & POLLOUT : 0);
  } while (!fds[0].revents && !pthread_cond_timedwait(&c->changed, &c->lock, &until));
  pthread_mutex_unlock(&c->lock);
  return fds[0].revents != 0;
}

static int control(struct context *c, unsigned long request, struct v4l2_control *asked) {
  if (asked->id == V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME && request == VIDIOC_S_CTRL) {
    /* a button: passed on before the next picture */
  } else if (asked->id != V4L2_CID_MPEG_VIDEO_BITRATE) {
    return errno = EINVAL, -1;
  } else if (request == VIDIOC_S_CTRL) {
    int value = asked->value + 12500;
    value = value < 25000 ? 25000 : value > 25000000 ? 25000000 : value;
    c->bitrate = value / 25000 * 25000;
  }
  if (asked->id == V4L2_CID_MPEG_VIDEO_BITRATE) asked->value = c->bitrate;
  if (request == VIDIOC_G_CTRL) return 0;
  return tell(c, (struct message){.kind = CONTROL, .index = asked->id, .size = asked->value}, -1);
}

static int queue(struct context *c, struct v4l2_buffer *b) {
  struct v4l2_plane *plane = b->m.planes;
  if (b->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) {
    c->given[c->n_given++] = b->index;
    pthread_cond_broadcast(&c->changed);
    return 0;
  }
  if (b->memory != V4L2_MEMORY_DMABUF || !plane->length) return errno = EINVAL, -1;
  return tell(c, (struct message){PICTURE, b->index, plane->bytesused, 0, b->timestamp.tv_sec, b->timestamp.tv_usec},
              plane->m.fd);
}

static int dequeue(struct context *c, struct v4l2_buffer *b) {
  if (b->type == V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE) {
    if (!c->n_spent) return errno = EAGAIN, -1;
    b->index = c->spent[0];
    memmove(c->spent, c->spent + 1, --c->n_spent * sizeof *c->spent);
    return 0;
  }
  if (!c->n_coded) return errno = EAGAIN, -1;
  struct coded first = c->coded[0];
  memmove(c->coded, c->coded + 1, --c->n_coded * sizeof *c->coded);
  b->index = first.index;
  b->flags = first.flags ? V4L2_BUF_FLAG_KEYFRAME : 0;
  b->timestamp = first.at;
  b->m.planes[0].bytesused = first.size;
  b->m.planes[0].length = SLOT;
  return 0;
}

static int answer(struct context *c, unsigned long request, void *argument) {
  struct v4l2_capability *is = argument;
  struct v4l2_format *format = argument;
  struct v4l2_buffer *buffer = argument;
  struct v4l2_requestbuffers *wanted = argument;
  struct v4l2_pix_format_mplane *pixels = &format->fmt.pix_mp;
  struct v4l2_fract *period = &((struct v4l2_streamparm *)argument)->parm.output.timeperframe;
  switch (request) {
    case VIDIOC_QUERYCAP:
      memset(is, 0, sizeof *is);
      strcpy((char *)is->driver, "bcm2835-codec");
      strcpy((char *)is->card, "bcm2835-codec-encode");
      is->capabilities = is->device_caps = V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_STREAMING;
      return 0;
    case VIDIOC_S_CTRL:
    case VIDIOC_G_CTRL:
      return control(c, request, argument);
    case VIDIOC_S_FMT:
      if (c->streaming) return errno = EBUSY, -1;
      if (format->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) return 0;
      if (pixels->pixelformat != V4L2_PIX_FMT_YUV420) return errno = EINVAL, -1;
      return tell(c, (struct message){.kind = FORMAT, .index = pixels->width, .size = pixels->height,
                                           .flags = pixels->plane_fmt[0].bytesperline}, -1);
    case VIDIOC_S_PARM:
      return tell(c, (struct message){.kind = RATE, .index = period->denominator, .size = period->numerator}, -1);
    case VIDIOC_S_EXT_CTRLS:
      return 0;
    case VIDIOC_REQBUFS:
      if (!wanted->count && wanted->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) c->n_given = c->n_coded = 0;
      if (wanted->count > BUFFERS) wanted->count = BUFFERS;
      return 0;
    case VIDIOC_QUERYBUF:
      buffer->m.planes[0].length = SLOT;
      buffer->m.planes[0].m.mem_offset = buffer->index * SLOT;
      return 0;
    case VIDIOC_QBUF:
      return queue(c, buffer);
    case VIDIOC_DQBUF:
      return dequeue(c, buffer);
    case VIDIOC_STREAMON:
      if (c->refused) return errno = c->refused, -1;
      c->streaming++;
      return 0;
    case VIDIOC_STREAMOFF:
      if (c->streaming) c->streaming--;
      pthread_cond_broadcast(&c->changed);
      return 0;
  }
  return errno = ENOTTY, -1;
}

int ioctl(int fd, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  struct context *c = of(fd);
  if (!c) return REAL(ioctl)(fd, request, argument);
  pthread_mutex_lock(&c->lock);
  int result = answer(c, (uint32_t)request, argument);
  pthread_mutex_unlock(&c->lock);
  return result;
}
